//! Lead files as people export them.

use super::*;

fn read(text: &str) -> ImportReport {
    read_leads(text.as_bytes(), &ImportOptions::default()).unwrap()
}

fn numbers(report: &ImportReport) -> Vec<String> {
    report.leads.iter().map(|l| l.number.e164()).collect()
}

fn codes(rows: &[RowError]) -> Vec<(u64, &'static str)> {
    rows.iter().map(|e| (e.line, e.code)).collect()
}

/// Every row of the report in exactly one list.
fn assert_accounted(report: &ImportReport) {
    let sum = report.leads.len()
        + report.errors.len()
        + report.duplicates.len()
        + report.test_leads.len()
        + report.do_not_call.len();
    assert_eq!(report.rows, sum as u64 + report.blank);
    let leads = report.leads.iter().map(|l| l.line);
    let rest = report.errors.iter().map(|e| e.line);
    let doubles = report.duplicates.iter().map(|d| d.line);
    let tests = report.test_leads.iter().copied();
    let marked = report.do_not_call.iter().map(|d| d.line);
    let blank = report.blank_lines.iter().copied();
    assert_eq!(report.blank, report.blank_lines.len() as u64);
    let all = leads.chain(rest).chain(doubles).chain(tests).chain(marked);
    let all = all.chain(blank);
    let mut lines: Vec<u64> = all.collect();
    let count = lines.len();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), count, "a line stands in two lists");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn numbers_as_people_write_them() {
    let us = Ok("+12125550123");
    for (text, want) in [
        ("(212) 555-0123", us),
        ("212.555.0123", us),
        ("1-212-555-0123", us),
        ("+1 212 555 0123", us),
        ("12125550123", us),
        ("tel:+1-212-555-0123", us),
        ("p:+12125550123", us),
        ("'+12125550123", us),
        ("=\"2125550123\"", us),
        ("2125550123.0", us),
        ("2.125550123E+09", us),
        ("1.2125550123E+10", us),
        ("212\u{2011}555\u{2013}0123", us),
        ("212\u{A0}555\u{A0}0123", us),
        ("\u{200B}212\u{2212}555\u{2212}0123\u{200E}", us),
        ("２１２５５５０１２３", us),
        ("0012125550123", us),
        ("01112125550123", us),
        ("212/555-0123", us),
        ("2,125,550,123", us),
        ("212-555-0123 (cell)", us),
        ("Tel.: 212-555-0123", us),
        ("2125550123 / (212) 555-0123", us),
        ("+44 20 7183 8750", Ok("+442071838750")),
        ("+44 (0)20 7183 8750", Ok("+442071838750")),
        ("011 44 20 7183 8750", Ok("+442071838750")),
        ("1.21255E+10", Err("number-lost-digits")),
        ("1.212555012E+10", Err("number-lost-digits")),
        ("1,21255E+10", Err("number-lost-digits")),
        ("212-***-0123", Err("number-lost-digits")),
        ("1-800-FLOWERS", Err("number-letters")),
        ("1-800-CELL-NOW", Err("number-letters")),
        ("Pat Doe", Err("number-letters")),
        ("212-555-0123 x12", Err("number-extension")),
        ("212-555-0123x12", Err("number-extension")),
        ("212-555-0123 ext. 12", Err("number-extension")),
        ("212-555-0123 #12", Err("number-extension")),
        ("tel:+12125550123;ext=12", Err("number-extension")),
        ("2125550123,,12", Err("number-extension")),
        ("2125550123 / 2125550124", Err("number-ambiguous")),
        ("2125550123, 2125550124", Err("number-ambiguous")),
        ("2125550123 or 2125550124", Err("number-ambiguous")),
        ("212-555-0123 212-555-0124", Err("number-ambiguous")),
        ("+12125550123 +12125550124", Err("number-ambiguous")),
        ("212-555-0123/24", Err("number-ambiguous")),
        ("", Err("number-missing")),
        ("n/a", Err("number-missing")),
        ("-", Err("number-missing")),
        ("555-0123", Err("number-impossible")),
        ("112-555-0123", Err("number-impossible")),
        ("212-155-0123", Err("number-impossible")),
        ("212-555-01234", Err("number-impossible")),
        ("442071838750", Err("number-impossible")),
        ("+1 212 555 012", Err("number-impossible")),
        ("0000000000", Err("number-impossible")),
        ("212=555=0123", Err("number-unreadable")),
        ("+1(212)555-0123", us),
        ("1 (212) 555-0123", us),
        ("+1.212.555.0123", us),
        ("\"212-555-0123\"", us),
        ("(+1) 212-555-0123", us),
        ("212-555-0123,", us),
        ("212-555-0123 ext", Err("number-extension")),
        ("555-0123/456", Err("number-ambiguous")),
        ("#N/A", Err("number-missing")),
        ("#ERROR!", Err("number-letters")),
    ] {
        let found = read_number(text).map(PhoneNumber::e164);
        let found = found.as_deref().map_err(|e| e.code());
        assert_eq!(found, want, "{text}");
    }
}

#[test]
fn metas_download() {
    let text = "id\tcreated_time\tad_id\tcampaign_name\tform_id\tplatform\tmay_we_call_you_with_ai?\tfull_name\tphone_number\tzip_code\r\n\
        l:444\t2026-11-20T12:22:11-06:00\tag:12\tFall\tf:900\tfb\tyes\tPat Doe\tp:+13125550143\tz:60601\r\n\
        l:445\t2026-11-20T12:23:11-06:00\tag:12\tFall\tf:900\tfb\tno\tKim Roe\tp:+13125550144\tz:60601\r\n\
        l:446\t2026-11-20T12:24:11-06:00\tag:12\tFall\tf:900\tfb\tyes\t<test lead: dummy data for full_name>\tp:<test lead: dummy data for phone_number>\tz:1\r\n";
    let bytes: Vec<u8> = std::iter::once(0xFEFF_u16)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let plain = read_leads(&bytes, &ImportOptions::default()).unwrap();
    assert_eq!((plain.encoding, plain.delimiter), (Encoding::Utf16Le, '\t'));
    assert_eq!(numbers(&plain), ["+13125550143", "+13125550144"]);
    assert_eq!(plain.test_leads, [4]);
    // The disclaimer's words are not in the file, and without them there is no consent.
    assert!(plain.leads.iter().all(|l| l.consent.is_none()));

    let with_words = ImportOptions {
        consent_text: Some("the form's words".to_owned()),
        form_implies_consent: true,
        ..ImportOptions::default()
    };
    let report = read_leads(&bytes, &with_words).unwrap();
    assert_accounted(&report);
    let lead = &report.leads[0];
    let consent = lead.consent.as_ref().unwrap();
    assert_eq!(consent.granted_at.to_string(), "2026-11-20T18:22:11Z");
    assert_eq!(consent.text, "the form's words");
    assert_eq!(lead.place.zip.as_deref(), Some("60601"));
    assert_eq!(lead.external_id.as_deref(), Some("444"));
    assert_eq!(lead.campaign.form_id.as_deref(), Some("900"));
    assert_eq!(lead.source.as_deref(), Some("fb"));
    assert_eq!(report.leads[1].consent, None, "she said no");
}

#[test]
fn googles_download() {
    let report = read(
        "\u{FEFF}Full Name,User Email,Phone Number,Postal Code,Lead Submit Time,Form ID,GCLID,Is Test\n\
         Pat Doe,pat@example.org,+13125550143,1001,2026-11-20 18:22:11,123,Cj0K,FALSE\n\
         Kim Roe,kim@example.org,+13125550144,60601,2026-11-20 18:22:11,123,Cj0K,TRUE\n",
    );
    assert_eq!(numbers(&report), ["+13125550143"]);
    assert_eq!(report.test_leads, [3]);
    assert_eq!(report.leads[0].place.zip.as_deref(), Some("01001"));
    assert_eq!(codes(&report.warnings), [(2, "zip-zero-restored")]);
    assert_eq!(report.leads[0].extra["GCLID"], "Cj0K");
    assert!(report.notes.iter().any(|n| n.contains("UTC")));
}

#[test]
fn a_bad_row_never_loses_a_good_one() {
    let report = read(
        "Name,Phone,State,Notes\r\n\
         Pat,212-555-0101,NY,\"two\r\nlines\"\r\n\
         \r\n\
         Kim,1.21255E+10,NY,\r\n\
         Lee,212-555-0102\r\n\
         \"Open,212-555-0103,NY,\r\n\
         Ann,212-555-0104,Narnia,x\r\n\
         ,,,\r\n\
         Bob,(212) 555-0101,NY,again\r\n\
         Eve,+12125550105,N.Y.,a,b\r\n",
    );
    assert_accounted(&report);
    assert_eq!(
        numbers(&report),
        [
            "+12125550101",
            "+12125550102",
            "+12125550104",
            "+12125550105"
        ]
    );
    assert_eq!(
        codes(&report.errors),
        [(5, "number-lost-digits"), (7, "quote-unclosed")]
    );
    assert_eq!(codes(&report.warnings), [(8, "state-unknown")]);
    assert_eq!((report.blank, &report.blank_lines[..]), (1, &[9][..]));
    let double = &report.duplicates[0];
    assert_eq!((double.line, double.first_line), (10, 2));
    assert_eq!(report.errors[0].column.as_deref(), Some("Phone"));
    assert!(!report.errors[0].message.contains("21255"));
}

#[test]
fn delimiters_and_headers() {
    for (text, delimiter, header) in [
        ("phone\n2125550123\n", ',', Some(1)),
        ("2125550123\n", ',', None),
        ("(212) 555-0123\n212-555-0124\n", ',', None),
        (
            "Name;Phone\nDoe, Pat;2125550123\nRoe, Kim;2125550124\n",
            ';',
            Some(1),
        ),
        ("\"Name, full\"\tPhone\nx\t2125550123\n", '\t', Some(1)),
        ("Phone|Name\n2125550123|Pat\n", '|', Some(1)),
        ("sep=;\r\nPhone;Name\r\n2125550123;Pat\r\n", ';', Some(2)),
        ("sep=^\nPhone^Name\n2125550123^Pat\n", '^', Some(2)),
        (
            "Leads of November\n\nName,Phone\nPat,2125550123\n",
            ',',
            Some(3),
        ),
        ("Pat;2125550123;10001\n", ';', None),
        ("not a number\n2125550123\n", ',', None),
        ("name,city\rPat,Here\r", ',', None),
    ] {
        let read = read_leads(text.as_bytes(), &ImportOptions::default());
        if text.starts_with("name,") {
            assert_eq!(read.unwrap_err().code(), "phone-column-missing");
            continue;
        }
        let report = read.unwrap();
        assert_eq!(
            (report.delimiter, report.header_line),
            (delimiter, header),
            "{text}"
        );
        assert_eq!(report.leads[0].number.e164(), "+12125550123", "{text}");
        assert_accounted(&report);
    }
}

#[test]
fn which_phone_column() {
    let report = read(
        "Work Phone,Mobile Phone,Phone\n\
         2125550101,2125550102,2125550103\n\
         2125550104,2125550105,n/a\n\
         2125550106,,\n",
    );
    assert_eq!(
        numbers(&report),
        ["+12125550103", "+12125550105", "+12125550106"]
    );
    assert!(report.notes[0].contains("Phone, Mobile Phone, Work Phone"));
}

#[test]
fn files_that_cannot_be_read() {
    let small = ImportOptions {
        file_bytes_max: 40,
        rows_max: 2,
        columns_max: 3,
        ..ImportOptions::default()
    };
    for (text, code, holds) in [
        ("", "file-empty", "empty"),
        ("phone\n", "file-no-rows", "no rows"),
        (
            "Name,Email\nPat,p@example.org\n",
            "phone-column-missing",
            "Name, Email",
        ),
        ("phone,a,b,c\n2125550123\n", "file-too-large", "columns_max"),
        ("phone\n1\n2\n3\n", "file-too-large", "rows_max"),
        (
            "phone,and,very,many,more,words,in,the,header\n",
            "file-too-large",
            "file_bytes_max",
        ),
    ] {
        let error = read_leads(text.as_bytes(), &small).unwrap_err();
        assert_eq!(error.code(), code, "{text}");
        assert!(error.to_string().contains(holds), "{error}");
    }
    let long = format!(
        "phone,notes\n2125550101,{}\n2125550102,x\n",
        "y".repeat(70_000)
    );
    let report = read(&long);
    assert_eq!(codes(&report.errors), [(2, "cell-too-long")]);
    assert_eq!(numbers(&report), ["+12125550102"]);
}

#[test]
fn text_that_is_no_lead_file_is_refused() {
    let log = "$ make all\n".repeat(7);
    for text in [
        format!("{log}error: the celular is missing\n{log}"),
        format!("{log}the celular is missing\n{log}"),
        format!("{log}ring, celular, off\n{log}"),
        "the celular is missing\nnothing here\n".to_owned(),
    ] {
        let error = read_leads(text.as_bytes(), &ImportOptions::default()).unwrap_err();
        assert_eq!(error.code(), "phone-column-missing", "{text}");
        assert!(error.to_string().contains("`mobile`"), "{error}");
    }
    // A true header keeps its report of refused rows, and a late one is good when a row gives a number.
    let report = read("name,phone\nPat,12\n,\n");
    assert_eq!(codes(&report.errors), [(2, "number-impossible")]);
    assert_accounted(&report);
    let late = read(&format!("{log}name,phone\nPat,2125550101\n"));
    assert_eq!((late.header_line, late.leads.len()), (Some(8), 1));
}

#[test]
fn consent_times_as_unix_time_and_levels_in_spanish() {
    let report = read(
        "phone,pewc_text,opted_in_at,Nivel de consentimiento\n\
         2125550101,words,1795229998,por escrito\n\
         2125550102,words,1795229998000,Verbal\n\
         2125550103,words,2026-11-21T02:59:58Z,expreso\n",
    );
    let levels: Vec<_> = report
        .leads
        .iter()
        .map(|lead| {
            let consent = lead.consent.as_ref().unwrap();
            assert_eq!(consent.granted_at.to_string(), "2026-11-21T02:59:58Z");
            consent.level
        })
        .collect();
    use crate::consent::ConsentLevel as Level;
    let want = [Level::ExpressWritten, Level::Oral, Level::Express];
    assert_eq!(levels, want.map(Some));
}

#[test]
fn consent_columns() {
    let header = "phone,consent,consent_at,consent_text,consent_level,artificial_voice,ip\n";
    let at = "2026-11-20T18:00:00Z";
    for (row, granted, code) in [
        (
            format!("2125550123,yes,{at},words,express-written,yes,203.0.113.9"),
            true,
            None,
        ),
        (
            format!("2125550123,no,{at},words,express-written,yes,"),
            false,
            None,
        ),
        (
            format!("2125550123,,{at},words,express-written,yes,"),
            false,
            None,
        ),
        (
            format!("2125550123,yes,{at},,express-written,yes,"),
            false,
            None,
        ),
        (
            format!("2125550123,maybe,{at},words,,,"),
            false,
            Some("consent-unclear"),
        ),
        (
            format!("2125550123,yes,{at},words,sworn,,"),
            false,
            Some("consent-level-unknown"),
        ),
        (
            "2125550123,yes,,words,,,".to_owned(),
            false,
            Some("consent-undated"),
        ),
        (
            "2125550123,yes,46346.7,words,,,".to_owned(),
            false,
            Some("date-serial"),
        ),
        (
            "2125550123,yes,soon,words,,,".to_owned(),
            false,
            Some("date-unreadable"),
        ),
        (
            format!("2125550123,yes,{at},words,,,,slid"),
            false,
            Some("row-ragged"),
        ),
    ] {
        let report = read(&format!("{header}{row}\n"));
        assert_eq!(report.leads[0].consent.is_some(), granted, "{row}");
        let warned = report.warnings.first().map(|w| w.code);
        assert_eq!(warned, code, "{row}");
    }
}

#[test]
fn the_first_row_with_a_consent_gives_it_and_a_mark_binds_every_row() {
    let report = read(
        "phone,consent_at,consent_text,do_not_call\n\
         2125550101,,,\n\
         2125550101,2026-11-20T18:00:00Z,first,no\n\
         2125550101,2026-11-20T19:00:00Z,second,0\n\
         2125550102,2026-11-20T18:00:00Z,words,\n\
         2125550102,,,yes\n\
         2125550103,,,whatever\n",
    );
    assert_accounted(&report);
    assert_eq!(numbers(&report), ["+12125550101"]);
    assert_eq!(report.leads[0].consent.as_ref().unwrap().text, "first");
    let taken: Vec<bool> = report.duplicates.iter().map(|d| d.consent_taken).collect();
    assert_eq!(taken, [true, false]);
    let marked: Vec<u64> = report.do_not_call.iter().map(|d| d.line).collect();
    assert_eq!(marked, [5, 6, 7]);
}

#[test]
fn a_no_is_kept_as_a_no_and_a_sentence_is_read() {
    let report = read(
        "phone,consent,created_time,artificial_voice,double_opt_in\n\
         2125550101,I agree that Acme Solar may call me with offers.,2026-11-20,no,no\n\
         2125550102,I do not agree that Acme Solar may call me.,2026-11-20,yes,\n\
         2125550103,yes,2026-11-20,yes,\n",
    );
    let consent = report.leads[0].consent.as_ref().unwrap();
    assert!(consent.text.starts_with("I agree"));
    assert_eq!(
        (consent.artificial_voice, consent.double_opt_in),
        (Some(false), Some(false))
    );
    assert_eq!(report.leads[1].consent, None);
    assert_eq!(
        report.leads[2].consent, None,
        "a yes without words is no record"
    );
    assert_eq!(codes(&report.warnings), [(3, "consent-unclear")]);
}

/// Stray quotes must not make the reader start over for every line of the rest of the file.
#[test]
fn a_file_full_of_stray_quotes_is_read_in_its_time() {
    let text = format!("name,phone\n{}", "b\",\"d,2125550101\n".repeat(4_000));
    let report = read(&text);
    assert_eq!(report.rows, 4_000);
    assert_accounted(&report);
}

/// A small generator with a fixed seed, so that a failure can be had again.
fn next(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 33).unwrap()
}

#[test]
fn no_damage_loses_or_doubles_a_row() {
    let samples: [&[u8]; 3] = [
        b"Name,Phone,Zip,consent,consent_at,consent_text\r\nPat,(212) 555-0101,1001,yes,2026-11-20,\"words, more\r\nand more\"\r\n\r\n,,,,,\r\nKim,212-555-0102 x3,10001,no,,\r\n",
        b"\xEF\xBB\xBFphone;name;dnc\n2125550101;\"Jos\xC3\xA9\";\n2125550102;\"a\"\"b\";yes\n2125550101;x;no\n",
        b"\xFF\xFEp\x00h\x00o\x00n\x00e\x00\n\x00002\x00001\x00002\x00005\x00005\x00005\x00000\x00001\x00000\x00001\x00\n\x00",
    ];
    let odd = b"\",;\t|\r\n\0\xFF\xE9=+'0 x";
    let mut state = 0x9E37_79B9_7F4A_7C15;
    let mut readable = 0;
    for round in 0..6_000 {
        let mut bytes = samples[round % samples.len()].to_vec();
        for _ in 0..=next(&mut state) % 6 {
            let at = next(&mut state) % bytes.len();
            let sign = odd[next(&mut state) % odd.len()];
            match next(&mut state) % 4 {
                0 => bytes.insert(at, sign),
                1 if bytes.len() > 1 => drop(bytes.remove(at)),
                2 => bytes.truncate(at.max(1)),
                _ => bytes[at] = sign,
            }
        }
        if let Ok(report) = read_leads(&bytes, &ImportOptions::default()) {
            assert_accounted(&report);
            readable += 1;
        }
    }
    assert!(readable > 3_000, "{readable}");
}
