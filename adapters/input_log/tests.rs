//! Logs that are cut, flipped and gone on with.

use std::fs;
use std::path::Path;

use super::*;
use crate::journal::writer::System;

fn all(folder: &Path) -> Result<Vec<(u64, Vec<f64>)>, InputLogError> {
    read(System, folder, 0)?.collect()
}

/// Three segments of three entries each; the first line of each is its head.
fn written(folder: &Path) -> Vec<(u64, Vec<f64>)> {
    let (mut log, torn) = InputLog::open(System, folder).unwrap();
    assert_eq!(torn, None);
    let mut entries = Vec::new();
    for segment in 0..3 {
        for part in 0..3 {
            let entry = vec![f64::from(segment) + 0.1, f64::from(part) / 3.0];
            entries.push((log.next(), entry.clone()));
            log.append(&entry).unwrap();
        }
        log.commit().unwrap();
        if segment < 2 {
            log.roll().unwrap();
        }
    }
    entries
}

#[test]
fn entries_come_back_in_order_across_segments_and_processes() {
    let folder = tempfile::tempdir().unwrap();
    let mut entries = written(folder.path());
    assert_eq!(all(folder.path()).unwrap(), entries);
    let (mut log, torn) = InputLog::open(System, folder.path()).unwrap();
    assert_eq!((log.segment(), torn), (2, None));
    entries.push((log.next(), vec![7.0]));
    log.append(&[7.0]).unwrap();
    log.commit().unwrap();
    assert_eq!(all(folder.path()).unwrap(), entries);
    let from_last: Vec<(u64, Vec<f64>)> =
        read(System, folder.path(), 2).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(from_last, entries[6..]);
}

#[test]
fn a_cut_at_every_byte_of_the_last_segment_loses_whole_lines_only_and_the_log_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let entries = written(folder.path());
    let path = folder.path().join(name(2));
    let bytes = fs::read(&path).unwrap();
    let ends: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
    for cut in 0..bytes.len() {
        let copy = tempfile::tempdir().unwrap();
        for segment in 0..2 {
            fs::copy(folder.path().join(name(segment)), copy.path().join(name(segment))).unwrap();
        }
        fs::write(copy.path().join(name(2)), &bytes[..cut]).unwrap();
        let lines = ends.iter().filter(|end| **end < cut).count();
        let mut expected = entries[..6 + lines.saturating_sub(1)].to_vec();
        assert_eq!(all(copy.path()).unwrap(), expected, "cut at {cut}");
        let (mut log, torn) = InputLog::open(System, copy.path()).unwrap();
        let loose = lines > 0 && cut > ends[lines - 1] + 1;
        assert_eq!(torn.is_some(), loose, "cut at {cut}");
        if let Some(torn) = torn {
            assert_eq!(fs::read(torn).unwrap(), bytes[ends[lines - 1] + 1..cut]);
        }
        expected.push((log.next(), vec![9.5]));
        log.append(&[9.5]).unwrap();
        log.commit().unwrap();
        assert_eq!(all(copy.path()).unwrap(), expected, "cut at {cut}");
    }
}

#[test]
fn every_flipped_byte_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let entries = written(folder.path());
    for segment in 0..3 {
        let path = folder.path().join(name(segment));
        let bytes = fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).unwrap();
            match all(folder.path()) {
                Err(InputLogError::Damaged { path: named, .. }) => assert!(named >= path),
                // The last line's end is gone, so that it is torn.
                Ok(read) => {
                    assert!((segment, at) == (2, bytes.len() - 1) && read == entries[..8], "{segment} {at}");
                }
                Err(error) => panic!("{error}"),
            }
        }
        fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(all(folder.path()).unwrap(), entries);
}

#[test]
fn lines_that_are_exchanged_and_segments_that_are_missing_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    let path = folder.path().join(name(1));
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.swap(1, 2);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let error = all(folder.path()).unwrap_err();
    assert!(error.to_string().contains("input-000001.jsonl:2: "), "{error}");
    lines.swap(1, 2);
    lines.remove(3);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let error = all(folder.path()).unwrap_err();
    assert!(error.to_string().contains("input-000002.jsonl:1: "), "{error}");
    fs::remove_file(&path).unwrap();
    let error = all(folder.path()).unwrap_err();
    assert!(matches!(error, InputLogError::Missing { .. }), "{error}");
    assert!(error.to_string().contains("move the folder"), "{error}");
}

#[test]
fn the_segment_of_a_line_is_the_last_that_begins_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let entries = written(folder.path());
    let segments = entries.iter().map(|(number, _)| segment_of(&System, folder.path(), *number).unwrap());
    assert_eq!(segments.collect::<Vec<_>>(), [0, 0, 0, 1, 1, 1, 2, 2, 2]);
    assert_eq!(segment_of(&System, folder.path(), 1_000).unwrap(), 2);
}

#[test]
fn what_is_not_committed_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let entries = written(folder.path());
    let (mut log, _) = InputLog::open(System, folder.path()).unwrap();
    log.append(&[1.0]).unwrap();
    drop(log);
    assert_eq!(all(folder.path()).unwrap(), entries);
}
