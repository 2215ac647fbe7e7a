//! Headers to fields, whatever their case, blanks, underscores and accents, in English and Spanish.

use serde::Serialize;

use super::withdrawal::{names_a_mark, names_a_status};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each name says what the column holds")]
pub enum Field {
    Phone,
    Name,
    FirstName,
    LastName,
    Email,
    Zip,
    State,
    Country,
    TimeZone,
    ReceivedAt,
    ExternalId,
    Source,
    CampaignId,
    CampaignName,
    AdId,
    AdName,
    FormId,
    FormName,
    IsTest,
    DoNotCall,
    Status,
    ConsentGiven,
    ConsentAt,
    ConsentText,
    ConsentLevel,
    ConsentChannel,
    ConsentSeller,
    ConsentIp,
    ConsentUserAgent,
    ConsentPage,
    ConsentCertificate,
    ConsentPurposes,
    ArtificialVoice,
    DoubleOptIn,
    ConfirmedAt,
    ExpiresAt,
}

/// From this rank on a phone's header is not one of `NAMES` but only holds a word for it.
pub(super) const FUZZY_RANK: u8 = 4;

/// The spellings of each field, without blanks and signs. Of two columns for one field the lower rank is read first.
const NAMES: [(Field, u8, &str); 37] = [
    (
        Field::Phone,
        0,
        "phone phonenumber phoneno userphone leadphone contactphone customerphone \
         primaryphone mainphone bestphone phonenumbere164 phonee164 phone1 \
         phone1value phonenumber1 tel telephone telephonenumber telno tonumber msisdn \
         telefono numerodetelefono numerotelefonico fon phonework1 \
         whatisyourphonenumber yourphonenumber yourphone e164 calleenumber",
    ),
    (
        Field::Phone,
        1,
        "mobile mobilephone mobilenumber mobilephonenumber mobileno cell cellphone \
         cellnumber cellphonenumber cellular celular movil telefonomovil \
         telefonocelular numerodecelular whatsapp whatsappnumber",
    ),
    (
        Field::Phone,
        2,
        "homephone number to numero callee homephonenumber telefonodecasa phone2 \
         phone2value eveningphone dayphone daytimephone",
    ),
    (
        Field::Phone,
        3,
        "workphone workphonenumber businessphone officephone companyphone \
         telefonodeltrabajo otherphone phone3value phone3 alternatephone altphone \
         secondaryphone",
    ),
    (
        Field::Name,
        0,
        "name fullname leadname contactname customername yourname nombrecompleto \
         nombreyapellido nombreyapellidos displayname",
    ),
    (
        Field::FirstName,
        0,
        "firstname first fname givenname nombre nombres primernombre",
    ),
    (
        Field::LastName,
        0,
        "lastname last lname surname familyname apellido apellidos",
    ),
    (
        Field::Email,
        0,
        "email emailaddress mail useremail youremail contactemail email1value correo \
         correoelectronico workemail leademail",
    ),
    (
        Field::Zip,
        0,
        "zip zipcode zip5 postal postalcode postcode mailingzippostalcode \
         zippostalcode mailingzip billingzip codigopostal cp address1postalcode \
         homezip",
    ),
    (
        Field::State,
        0,
        "state stateregion stateprovince province region statecode usstate \
         mailingstate mailingstateprovince billingstate estado provincia \
         address1region homestate",
    ),
    (
        Field::Country,
        0,
        "country countrycode countryregion mailingcountry pais address1country",
    ),
    (
        Field::TimeZone,
        0,
        "timezone tz ianatimezone iana zonahoraria husohorario",
    ),
    (
        Field::ReceivedAt,
        0,
        "createdtime createdat created createdate createddate creationdate \
         leadsubmittime submittime submittedat submissiontime submissiondate \
         submitted timestamp receivedat received leaddate leadcreated date datetime \
         dateadded entrydate fecha fechadecreacion marcatemporal",
    ),
    (
        Field::ExternalId,
        0,
        "id leadid externalid recordid contactid leadgenid responseid submissionid \
         uuid identificador",
    ),
    (
        Field::Source,
        0,
        "source leadsource utmsource platform originalsource fuente origen",
    ),
    (Field::CampaignId, 0, "campaignid"),
    (
        Field::CampaignName,
        0,
        "campaign campaignname utmcampaign campana",
    ),
    (Field::AdId, 0, "adid creativeid"),
    (Field::AdName, 0, "ad adname creative"),
    (Field::FormId, 0, "formid leadformid"),
    (
        Field::FormName,
        0,
        "form formname leadform leadformname formulario",
    ),
    (Field::IsTest, 0, "istest test testlead istestlead"),
    (
        Field::DoNotCall,
        0,
        "donotcall dnc dncflag isdnc optedout hasoptedout optout nollamar \
         hasoptedoutofcalls donotcontact unsubscribed calloptout phoneoptout",
    ),
    (
        Field::ConsentGiven,
        0,
        "consent hasconsent consentgiven consented consentstatus tcpa tcpaconsent \
         optin optedin callconsent aicallconsent phoneconsent marketingconsent \
         consentimiento permission permissiontocall acepto",
    ),
    (
        Field::ConsentAt,
        0,
        "consentat consentdate consenttime consenttimestamp consentdatetime \
         consentgrantedat consentgivenat consentedat grantedat optintime optinat \
         optindate optintimestamp optedinat optedindate pewcat pewcdate pewctime \
         pewctimestamp tcpaat tcpatime tcpatimestamp tcpadate fechadeconsentimiento",
    ),
    (
        Field::ConsentText,
        0,
        "consenttext consentlanguage consentstatement consentwording consentcopy \
         consentdisclosure disclosure disclosuretext disclaimer disclaimertext \
         tcpatext tcpalanguage tcpadisclosure tcpastatement optintext optinlanguage \
         legaltext pewctext pewclanguage pewcdisclosure tcpaconsenttext \
         tcpaconsentlanguage tcpaconsentdisclosure pewcconsenttext textodeconsentimiento textoconsentimiento",
    ),
    (
        Field::ConsentLevel,
        0,
        "consentlevel consenttype consentstandard nivelconsentimiento \
         niveldeconsentimiento tipoconsentimiento tipodeconsentimiento",
    ),
    (
        Field::ConsentChannel,
        0,
        "consentchannel consentmethod consentsource optinmethod optinsource channel \
         canal",
    ),
    (
        Field::ConsentSeller,
        0,
        "seller sellername consentseller consentsellername brand vendedor",
    ),
    (
        Field::ConsentIp,
        0,
        "ip ipaddress consentip consentipaddress optinip userip clientip remoteip \
         direccionip",
    ),
    (
        Field::ConsentUserAgent,
        0,
        "useragent consentuseragent browser browseruseragent",
    ),
    (
        Field::ConsentPage,
        0,
        "pageurl consenturl consentpageurl landingpage landingpageurl optinurl \
         optinpage formurl sourceurl consentpage",
    ),
    (
        Field::ConsentCertificate,
        0,
        "certificateurl certurl consentcertificateurl consentcertificate trustedform \
         trustedformcerturl trustedformurl trustedformcert xxtrustedformcerturl \
         trustedformcertificateurl certificate",
    ),
    (
        Field::ConsentPurposes,
        0,
        "purpose purposes consentpurpose consentpurposes proposito",
    ),
    (
        Field::ArtificialVoice,
        0,
        "artificialvoice consentartificialvoice aivoice aivoiceconsent consentaivoice \
         artificialvoiceconsent vozartificial prerecordedvoice",
    ),
    (Field::DoubleOptIn, 0, "doubleoptin consentdoubleoptin doi"),
    (
        Field::ConfirmedAt,
        0,
        "confirmedat consentconfirmedat doubleoptinat confirmationdate",
    ),
];

/// Headers with these words beside "consent" or "opt in" say something about it, or speak of another channel.
const NOT_A_TICK: [&str; 16] = [
    "text",
    "language",
    "version",
    "id",
    "url",
    "date",
    "time",
    "at",
    "ip",
    "sms",
    "email",
    "newsletter",
    "fax",
    "whatsapp",
    "cookie",
    "privacy",
];

/// Headers with these words beside "phone" say something about the number.
const NOT_A_NUMBER: [&str; 21] = [
    "type",
    "label",
    "verified",
    "valid",
    "validated",
    "ext",
    "extension",
    "carrier",
    "country",
    "code",
    "status",
    "sms",
    "fax",
    "model",
    "id",
    "time",
    "consent",
    "optin",
    "line",
    "call",
    "calls",
];

/// Lower case words without accents; `phoneNumber` gives two.
pub(super) fn words_of(header: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut before_lower = false;
    for c in header.trim_start_matches("ï»¿").chars() {
        if c.is_uppercase() && before_lower {
            plain.push(' ');
        }
        before_lower = c.is_lowercase();
        for lower in c.to_lowercase() {
            plain.push(match lower {
                'á' | 'à' | 'ä' => 'a',
                'é' | 'è' => 'e',
                'í' => 'i',
                'ó' | 'ö' => 'o',
                'ú' | 'ü' => 'u',
                'ñ' => 'n',
                '\u{301}' | '\u{303}' | '\'' | '’' => continue,
                c if c.is_alphanumeric() => c,
                _ => ' ',
            });
        }
    }
    plain.split_whitespace().map(str::to_owned).collect()
}

/// Not a sentence in which a phone happens to be named, nor a line of a log.
fn is_like_a_header(cell: &str) -> bool {
    const CHARS_MAX: usize = 40;
    let name = cell.trim().trim_end_matches(':');
    name.chars().count() <= CHARS_MAX && !name.contains([':', '='])
}

/// The field of a header and its rank; `None` for a column of the operator's own.
pub(super) fn field_of(header: &str) -> Option<(Field, u8)> {
    let words = words_of(header);
    let compact = words.concat();
    let expires = [
        "expiresat",
        "consentexpiresat",
        "consentexpires",
        "consentexpiry",
    ];
    if expires.contains(&compact.as_str()) {
        return Some((Field::ExpiresAt, 0));
    }
    let exact = NAMES
        .iter()
        .find(|(_, _, names)| names.split(' ').any(|n| n == compact));
    if let Some((field, rank, _)) = exact {
        return Some((*field, *rank));
    }
    if names_a_mark(&words) {
        return Some((Field::DoNotCall, 1));
    }
    if names_a_status(&words) {
        return Some((Field::Status, 0));
    }
    let has = |word: &str| words.iter().any(|w| w == word);
    let speaks_of_consent = has("consent")
        || has("consents")
        || has("tcpa")
        || has("pewc")
        || has("optin")
        || ((has("opt") || has("opted")) && has("in"))
        || has("consentimiento")
        || has("agree")
        || compact.contains("maywecall");
    if speaks_of_consent && !NOT_A_TICK.iter().any(|w| has(w)) {
        return Some((Field::ConsentGiven, 1));
    }
    let names_a_phone = [
        "phone",
        "telephone",
        "mobile",
        "telefono",
        "celular",
        "movil",
        "cellphone",
    ]
    .iter()
    .any(|w| has(w));
    if names_a_phone
        && is_like_a_header(header)
        && !speaks_of_consent
        && !NOT_A_NUMBER.iter().any(|w| has(w))
    {
        let second = has("work") || has("business") || has("office") || has("trabajo");
        return Some((
            Field::Phone,
            if second { FUZZY_RANK + 1 } else { FUZZY_RANK },
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_has_one_field() {
        let mut seen = std::collections::BTreeMap::new();
        for (field, _, names) in NAMES {
            for name in names.split(' ') {
                assert_eq!(seen.insert(name, field), None, "{name}");
                assert_eq!(words_of(name).concat(), name);
            }
        }
    }

    #[test]
    fn headers_as_exports_have_them() {
        for (header, want) in [
            ("Phone Number", Some((Field::Phone, 0))),
            ("PHONE_NUMBER", Some((Field::Phone, 0))),
            ("phoneNumber", Some((Field::Phone, 0))),
            ("ï»¿Phone", Some((Field::Phone, 0))),
            ("User Phone", Some((Field::Phone, 0))),
            ("Phone 1 - Value", Some((Field::Phone, 0))),
            ("Número de teléfono", Some((Field::Phone, 0))),
            ("Teléfono", Some((Field::Phone, 0))),
            ("Mobile Phone", Some((Field::Phone, 1))),
            ("work_phone_number", Some((Field::Phone, 3))),
            ("What's your best phone?", Some((Field::Phone, 4))),
            ("Phone 1 - Type", None),
            ("phone_consent", Some((Field::ConsentGiven, 0))),
            (
                "May we call you with an AI assistant?",
                Some((Field::ConsentGiven, 1)),
            ),
            ("I agree to be called", Some((Field::ConsentGiven, 1))),
            ("sms_opt_in", None),
            ("Email Opt In", None),
            ("Opt-In", Some((Field::ConsentGiven, 0))),
            ("Consent Version", None),
            ("created_time", Some((Field::ReceivedAt, 0))),
            ("Lead Submit Time", Some((Field::ReceivedAt, 0))),
            ("Código Postal", Some((Field::Zip, 0))),
            ("Mailing Zip/Postal Code", Some((Field::Zip, 0))),
            ("Do Not Call", Some((Field::DoNotCall, 0))),
            ("xxTrustedFormCertUrl", Some((Field::ConsentCertificate, 0))),
            ("consent_expires_at", Some((Field::ExpiresAt, 0))),
            ("which_service_do_you_need?", None),
            ("phone_verified", None),
            ("Your mobile phone:", Some((Field::Phone, 4))),
            ("set my celular=1", None),
            ("error: no celular here", None),
            ("the celular of the customer was not found in it", None),
            ("opted_in_at", Some((Field::ConsentAt, 0))),
            ("opt_in_date", Some((Field::ConsentAt, 0))),
            ("optin_time", Some((Field::ConsentAt, 0))),
            ("pewc_date", Some((Field::ConsentAt, 0))),
            ("tcpa_date", Some((Field::ConsentAt, 0))),
            ("pewc_text", Some((Field::ConsentText, 0))),
            ("tcpa_consent_text", Some((Field::ConsentText, 0))),
            ("Nivel de consentimiento", Some((Field::ConsentLevel, 0))),
        ] {
            assert_eq!(field_of(header), want, "{header}");
        }
    }
}
