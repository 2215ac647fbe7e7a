//! List files, whole or not at all.

use std::io::Write;
use std::path::Path;

use jiff::Timestamp;
use ringfence_store::list::{ListKind, ListRows};

use super::{ListFiles, Progress, Reading, read};

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn read_named(kind: ListKind, name: &str, bytes: &[u8]) -> Result<ListFiles, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let reading = Reading {
        kind,
        columns: None,
        pattern: None,
        covers_stated: false,
        now: now(),
    };
    let strip = format!("{}/", folder.path().display());
    read(&reading, &[path], &Progress::none()).map_err(|e| e.to_string().replace(&strip, ""))
}

fn numbers(kind: ListKind, name: &str, bytes: &[u8]) -> Vec<u64> {
    match read_named(kind, name, bytes).unwrap().rows {
        ListRows::Set(set) => set.numbers().collect(),
        other => panic!("{other:?}"),
    }
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(name, zip::write::SimpleFileOptions::default())
        .unwrap();
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap().into_inner()
}

#[test]
fn the_registry_as_delivered() {
    let want = vec![8_185_550_101, 8_185_550_102];
    let flat = b"818,5550101\n818,5550102\n";
    let guid = "36554E44-EAB3-4167-B3BF-13E73EE57B8A";
    let member = format!("2026-11-20_818_{guid}.txt");
    let xml = b"<?xml version=\"1.0\"?>\n<list type='full' level='areacode' val='818'><ac val='818'>\n<ph val='5550101' /><ph val=\"5550102\"/></ac></list>\n";
    for (name, bytes) in [
        ("a.txt", flat.to_vec()),
        (
            "a.txt",
            b"\xef\xbb\xbf818,5550101\r\n818,5550102\r\n\r\n".to_vec(),
        ),
        (
            "a.txt",
            b"area code,number\n8185550101\n8185550102".to_vec(),
        ),
        ("a.txt", b"818-555-0101\n818-555-0102\n".to_vec()),
        ("a.bin", gz(flat)),
        (&format!("{member}.zip"), zipped(&member, flat)),
        ("a.xml", xml.to_vec()),
        ("a.xml.zip", zipped("a.xml", xml)),
    ] {
        assert_eq!(numbers(ListKind::FtcFull, name, &bytes), want, "{name}");
    }
}

/// A number whose exchange begins with 0 or 1 cannot exist, but its line matches whole, and nobody can be asked about it:
/// refusing the registry for it would leave every seller without one. Both readers, the fast and the slow, take it.
#[test]
fn the_registry_holds_what_was_registered() {
    let want = vec![8_180_550_101, 8_181_550_102, 8_185_550_103];
    let flat = b"818,0550101\n818,1550102\n818,5550103\n";
    assert_eq!(numbers(ListKind::FtcFull, "a.txt", flat), want);
    let plain = b"8180550101\r\n8181550102\r\n8185550103\r\n";
    assert_eq!(numbers(ListKind::FtcFull, "a.txt", plain), want);
    let xml = b"<list type='full' val='818'><ac val='818'><ph val='0550101'/><ph val='1550102'/><ph val='5550103'/></ac></list>";
    assert_eq!(numbers(ListKind::FtcFull, "a.xml", xml), want);
    for impossible in ["118,5550101\n", "018,5550101\n"] {
        let refused = read_named(ListKind::FtcFull, "a.txt", impossible.as_bytes());
        assert!(refused.is_err(), "{impossible}");
    }
}

#[test]
fn a_file_that_does_not_match_whole_is_refused_whole() {
    let guid = "36554E44-EAB3-4167-B3BF-13E73EE57B8A";
    let mut cut = gz(b"818,5550101\n818,5550102\n");
    cut.truncate(cut.len() - 9);
    for (name, bytes, want) in [
        (
            "a.txt",
            b"818,5550101\n818,55501".to_vec(),
            "a.txt, line 2: not `AAA,NNNNNNN`",
        ),
        (
            "a.txt",
            b"818,5550101\n8185550102\n".to_vec(),
            "a.txt, line 2: written otherwise",
        ),
        (
            "a.txt",
            b"818,5550101\n\n818,5550102\n".to_vec(),
            "a.txt, line 2: a blank line",
        ),
        (
            "a.txt",
            b"8185550103,2026-11-20T02:20:18,A\n".to_vec(),
            "line 1: not `AAA",
        ),
        ("a.txt", b"".to_vec(), "a.txt: no rows"),
        ("a.gz", cut, "a.gz: "),
        (
            "a.xml",
            b"<list val='818'><ac val='818'><ph val='5550101'/>".to_vec(),
            "ends before",
        ),
        (
            "a.xml",
            b"<list type='change'><ph val='8185550101'/></list>".to_vec(),
            "not a full",
        ),
        (
            &format!("2026-11-20_212_{guid}.txt"),
            b"818,5550101\n".to_vec(),
            "line 1: another area",
        ),
    ] {
        let error = read_named(ListKind::FtcFull, name, &bytes).unwrap_err();
        assert!(error.contains(want), "{error} / {want}");
    }
}

#[test]
fn changes_in_three_and_four_columns() {
    let three = b"8185550103,2026-11-20T02:20:18,A\n8185550101,2026-11-20T02:21:07,D\n";
    let four = b"818,5550103,2026-11-20T02:20:18,A\n818,5550101,2026-11-20T02:21:07,D\n";
    let read = |bytes: &[u8]| {
        read_named(ListKind::FtcChange, "c.txt", bytes)
            .unwrap()
            .rows
    };
    let ListRows::Changes(changes) = read(three) else {
        panic!()
    };
    assert!(changes[0].added && !changes[1].added && changes[0].stamp < changes[1].stamp);
    assert_eq!(read(four), ListRows::Changes(changes));
    let fixed = read_named(ListKind::FtcChange, "c.txt", b"8185550103 2026-11-20 A\n");
    assert!(fixed.unwrap_err().contains("line 1"));
}

#[test]
fn internal_columns_are_told_apart() {
    let text = "number,seller,at\n+12125550101\n2125550102,acme\n(212) 555-0103,2026-11-20T00:00:00Z\n12125550104,acme,2026-11-20T00:00:00Z\n";
    let ListRows::Internal(rows) = read_named(ListKind::Internal, "i.csv", text.as_bytes())
        .unwrap()
        .rows
    else {
        panic!()
    };
    let seen: Vec<_> = rows
        .iter()
        .map(|r| (r.seller.as_deref(), r.at.is_some()))
        .collect();
    assert_eq!(
        seen,
        [
            (None, false),
            (Some("acme"), false),
            (None, true),
            (Some("acme"), true)
        ]
    );
    for bad in [
        "+12125550101,a,2027-01-01T00:00:00Z\n",
        "no number 1\n",
        "+12121550101\n",
    ] {
        assert!(
            read_named(ListKind::Internal, "i.csv", bad.as_bytes()).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn other_kinds() {
    let rows =
        "+12075550101,2024-01-01,no,2026-11-01T00:00:00Z\n+12075550102,2024-01-01,no_data,\n";
    let answers = read_named(ListKind::Reassigned, "r.csv", rows.as_bytes()).unwrap();
    assert!(matches!(answers.rows, ListRows::Reassigned(rows) if rows.len() == 2));
    assert!(
        read_named(
            ListKind::Reassigned,
            "r.csv",
            b"+12075550101,2024-01-01,maybe,\n"
        )
        .is_err()
    );
    assert_eq!(
        numbers(ListKind::Litigator, "l.txt", b"number\n+12125550199\n"),
        [2_125_550_199]
    );
    assert!(read_named(ListKind::State, "s.csv", b"Doe,+12145550101\n").is_err());
    let reading = Reading {
        kind: ListKind::State,
        columns: Some(vec!["name".into(), "area_code".into(), "local".into()]),
        pattern: None,
        covers_stated: false,
        now: now(),
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tx.csv");
    std::fs::write(&path, "\"Doe, Pat\",214,5550101\n").unwrap();
    let files = read(&reading, &[path], &Progress::none()).unwrap();
    let want = [2_145_550_101].into_iter().collect();
    assert_eq!(files.rows, ListRows::Set(std::sync::Arc::new(want)));
    assert!(
        read(
            &reading,
            &[Path::new("/nowhere/x").into()],
            &Progress::none()
        )
        .is_err()
    );
}

#[test]
fn a_pattern_says_where_the_number_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pa.txt");
    let try_it = |pattern: &str, text: &str| {
        std::fs::write(&path, text).unwrap();
        let reading = Reading {
            kind: ListKind::State,
            columns: None,
            pattern: Some(super::pattern(pattern)?),
            covers_stated: false,
            now: now(),
        };
        let read = read(&reading, std::slice::from_ref(&path), &Progress::none());
        read.map(|files| files.rows).map_err(|e| e.to_string())
    };
    let want = [2_155_550_101, 2_155_550_102].into_iter().collect();
    let want = Ok(ListRows::Set(std::sync::Arc::new(want)));
    let parts = "^(?<area_code>[0-9]{3});(?<local>[0-9]{7});";
    assert_eq!(try_it(parts, "215;5550101;R\n215;5550102;W\n"), want);
    let whole = "(?<number>[0-9]{10})$";
    assert_eq!(try_it(whole, "A2155550101\nB2155550102\n"), want);
    let refused = try_it(whole, "A2155550101\nB215555010\n").unwrap_err();
    assert!(
        refused.contains("line 2: not as the pattern says"),
        "{refused}"
    );
    assert!(try_it("[0-9]+", "2155550101\n").is_err(), "no group");
    assert!(try_it("(?<number>", "2155550101\n").is_err());
}

#[test]
fn only_names_of_columns_are_a_header() {
    let stated = ["name".to_owned(), "number".to_owned()];
    for (line, columns, want) in [
        ("number", None, true),
        ("Phone Number", None, true),
        ("\"Area Code\",\"Number\"", None, true),
        ("number,seller,at", None, true),
        ("number,consent_date,answer,asked_at", None, true),
        ("name,number", None, false),
        ("Name,Number", Some(&stated[..]), true),
        ("seller,at", None, false),
        ("hello", None, false),
        ("number,", None, false),
        ("+l2125550l0l", None, false),
        ("+12125550101", None, false),
    ] {
        assert_eq!(super::fields::is_header(line, columns), want, "{line}");
    }
    for kind in ListKind::ALL {
        let refused = read_named(kind, "a.txt", b"hello\n").unwrap_err();
        assert!(
            refused.starts_with("a.txt, line 1: "),
            "{kind:?}: {refused}"
        );
    }
}

#[test]
fn a_file_without_rows_is_no_list() {
    let headers = [
        (ListKind::FtcFull, "area code,number"),
        (ListKind::FtcChange, "number,stamp,mark"),
        (ListKind::State, "number"),
        (ListKind::Litigator, "phone"),
        (ListKind::Internal, "number,seller,at"),
        (ListKind::Reassigned, "number,consent_date,answer,asked_at"),
    ];
    for (kind, header) in headers {
        for text in ["", "\n\n", header, &format!("\u{feff}{header}\r\n\r\n")] {
            let refused = read_named(kind, "a.txt", text.as_bytes()).unwrap_err();
            assert_eq!(refused, "a.txt: no rows", "{kind:?} {text:?}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    std::fs::write(&path, "").unwrap();
    let stated = |kind| Reading {
        kind,
        columns: None,
        pattern: None,
        covers_stated: true,
        now: now(),
    };
    let read = |kind| {
        read(
            &stated(kind),
            std::slice::from_ref(&path),
            &Progress::none(),
        )
    };
    assert_eq!(
        read(ListKind::FtcFull).unwrap().rows,
        ListRows::Set(std::sync::Arc::new(
            ringfence_store::registry::Builder::new().finish()
        ))
    );
    assert!(read(ListKind::FtcChange).is_err());
}

#[test]
fn a_date_is_its_first_instant() {
    let rows = read_named(
        ListKind::Internal,
        "i.csv",
        b"+12125550101,2026-01-02\n+12125550102,2026-01-02T00:00:00Z\n+12125550103,acme,2026-01-02\n",
    );
    let ListRows::Internal(rows) = rows.unwrap().rows else {
        panic!()
    };
    let want: Timestamp = "2026-01-02T00:00:00Z".parse().unwrap();
    assert!(rows.iter().all(|row| row.at == Some(want)), "{rows:?}");
    let sellers: Vec<_> = rows.iter().map(|row| row.seller.as_deref()).collect();
    assert_eq!(sellers, [None, None, Some("acme")]);
    let rows = b"+12075550101,2024-01-01,no,2026-01-02\n";
    let ListRows::Reassigned(rows) = read_named(ListKind::Reassigned, "r.csv", rows)
        .unwrap()
        .rows
    else {
        panic!()
    };
    assert_eq!(rows[0].asked_at, Some(want));
    for bad in ["2026-13-01", "2026-01-02T10:00:00", "noon", "20260102"] {
        assert!(super::time(bad).is_err(), "{bad}");
    }
}
