//! The writer on the system's disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::session::{Item, day, key, numbers, open, records, settings, verify};
use crate::journal::verify::Verdict;
use crate::journal::writer::System;

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    entries.map(|path| (name(&path), fs::read(&path).unwrap())).collect()
}

#[test]
fn a_journal_goes_on_behind_a_torn_line_and_in_the_next_day() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, safe) = (folder.path().join("journal"), folder.path().join("safe/checkpoints.jsonl"));
    let settings = || settings(&journal, None, key("one"));
    let (mut writer, torn) = open(&System, settings(), &safe).unwrap();
    assert_eq!(torn, None);
    assert!(open(&System, settings(), &safe).err().unwrap().contains("another process writes"));
    writer.append(day(0), &Item::Opened(None)).unwrap();
    writer.append(day(0), &Item::Number(0)).unwrap();
    writer.commit().unwrap();
    writer.append(day(1), &Item::Number(1)).unwrap();
    writer.append(day(0), &Item::Number(2)).unwrap();
    writer.commit().unwrap();
    drop(writer);

    let newest = journal.join("2024-01-02.jsonl");
    let sound = fs::read(&newest).unwrap();
    let tail = vec![b'x'; 300_000];
    fs::write(&newest, [sound.as_slice(), &tail].concat()).unwrap();
    let earlier = journal.join("2024-01-02.jsonl.torn");
    fs::write(&earlier, "from an earlier crash").unwrap();
    let (mut writer, torn) = open(&System, settings(), &safe).unwrap();
    let torn = torn.unwrap();
    assert_eq!(fs::read(&earlier).unwrap(), b"from an earlier crash");
    assert_eq!((torn.bytes, torn.file.as_path()), (300_000, &*journal.join("2024-01-02.jsonl.torn.2")));
    assert_eq!((fs::read(&newest).unwrap(), fs::read(&torn.file).unwrap()), (sound, tail));
    writer.append(day(3), &Item::Opened(Some(torn))).unwrap();
    writer.append(day(3), &Item::Number(3)).unwrap();
    assert_eq!(writer.close(day(3), &Item::Closed).unwrap().count, 11);

    let files = files(&journal);
    let report = verify(&files, fs::read(&safe).unwrap());
    assert_eq!(report.verdict, Verdict::Valid, "{:#?}", report.findings);
    assert_eq!(numbers(&files), [0, 1, 2, 3]);
    let records = records(&files);
    let events: Vec<_> = records.iter().map(|record| record["event"].as_str().unwrap()).collect();
    let expected = "journal_opened signal journal_rotated journal_continued signal signal journal_opened \
                    journal_rotated journal_continued signal journal_closed";
    assert_eq!(events.join(" "), expected);
    assert_eq!(records[2]["next_file"], "2024-01-02.jsonl");
    assert_eq!(records[3]["previous_file"], "2024-01-01.jsonl");
    assert_eq!(records[3]["previous_records"], "3");
    assert_eq!(records[6]["torn_bytes"], "300000");
}

#[test]
fn a_journal_goes_on_only_behind_its_own_records() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, safe) = (folder.path().join("journal"), folder.path().join("checkpoints.jsonl"));
    let refused = |name: &str, without_key: bool| {
        let mut settings = settings(&journal, None, key(name));
        if without_key {
            settings.key = None;
        }
        open(&System, settings, &safe).err().unwrap()
    };
    let (mut writer, _) = open(&System, settings(&journal, None, key("one")), &safe).unwrap();
    writer.append(day(0), &Item::Opened(None)).unwrap();
    writer.commit().unwrap();
    drop(writer);
    assert!(refused("two", false).contains("asks for another key than `two`"));
    assert!(refused("one", true).contains("is signed, and there is no key"));
    let path = journal.join("2024-01-01.jsonl");
    let sound = fs::read_to_string(&path).unwrap();
    for (bad, why) in [
        (sound.replace("paper", "live"), "was changed"),
        (sound.replace("\"signature\"", "\"signed\""), "is no record"),
        (sound.clone() + "\n", "is no record"),
        (sound.clone() + "{\"seq\":\"1\"}\n", "is not signed"),
    ] {
        fs::write(&path, bad).unwrap();
        let error = refused("one", false);
        assert!(error.contains(why) && error.contains("hemiola journal verify"), "{error}");
    }
    fs::write(&path, sound).unwrap();
    fs::write(journal.join("2024-01-02.jsonl.gz"), "").unwrap();
    assert!(refused("one", false).contains("or compressed"));
}
