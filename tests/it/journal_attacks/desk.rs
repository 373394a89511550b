//! Journals as a desk writes them, to attack.

use hemiola_adapters::journal::verify::{Checkpoints, Report, Rules, Verifier};
use hemiola_adapters::journal::{
    Algorithm, Chain, Checkpoint, CheckpointKey, DecisionBody, Head, Lines, MacKey, Values,
};
use hemiola_components::time::Nanos;
use serde_json::json;
use zeroize::Zeroizing;

use super::python;

/// Numbers that are the same in every run (`SplitMix64`).
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, not including, `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    pub(crate) fn between(&mut self, start: usize, end: usize) -> usize {
        start + self.below(end - start)
    }
}

pub(super) fn secret(name: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(format!("secret of {name}").into_bytes())
}

pub(super) fn key(algorithm: Algorithm, name: &str) -> MacKey {
    MacKey::new(algorithm, Some(name.to_owned()), &secret(name))
}

pub(super) fn checkpoint_key(seed: u8) -> CheckpointKey {
    CheckpointKey::from_seed(&Zeroizing::new([seed; 32]))
}

/// What a journal is like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub(super) algorithm: Algorithm,
    pub(super) is_signed: bool,
    pub(super) files: usize,
    pub(super) rotates_key: bool,
    /// Whose secret signs a rotation to the next key.
    pub(super) next_secret: &'static str,
    /// The seed of the key that the opening record says to sign the checkpoints.
    pub(super) named_key: u8,
    /// There is a second session, whether or not the first one closed the journal.
    pub(super) restarts: Option<Ended>,
}

/// How a session ended that another one follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Closed,
    Killed,
}

impl Kind {
    pub(super) const PLAIN: Self = Self {
        algorithm: Algorithm::HmacSha256,
        is_signed: true,
        files: 1,
        rotates_key: false,
        next_secret: "desk-2",
        named_key: 1,
        restarts: None,
    };

    pub(super) fn any(random: &mut Random) -> Self {
        Self {
            algorithm: Algorithm::ALL[random.below(2)],
            is_signed: true,
            files: random.between(1, 4),
            rotates_key: random.below(2) == 0,
            ..Self::PLAIN
        }
    }
}

/// A journal's lines by file, and its checkpoints.
#[derive(Clone, Debug)]
pub(super) struct Journal {
    pub(super) files: Vec<Vec<String>>,
    pub(super) checkpoints: Vec<String>,
}

struct Desk {
    chain: Chain,
    values: Values,
    time: i64,
    run: String,
    journal: Journal,
}

impl Desk {
    fn open(&mut self, kind: Kind) {
        let algorithm = self.chain.key().map_or("none", |key| key.algorithm().name());
        let (public, run) = (checkpoint_key(kind.named_key).public().to_string(), self.run.clone());
        let opened = [
            ("algorithm", algorithm),
            ("binary", "0.1.0"),
            ("checkpoint_key", &public),
            ("config_sha256", "00"),
            ("format", "hemiola.journal/1"),
            ("demo", "true"),
            ("run_id", &run),
            ("seed", "1"),
        ];
        self.write("journal_opened", &opened);
    }

    fn close(&mut self) {
        let count = (self.chain.head().count + 1).to_string();
        self.write("journal_closed", &[("records", &count)]);
    }

    fn write(&mut self, event: &str, members: &[(&str, &str)]) {
        self.seal(event, members, None);
    }

    fn seal(&mut self, event: &str, members: &[(&str, &str)], other: Option<&MacKey>) {
        self.time += 250_000_000;
        let link = self.chain.begin(&mut self.values);
        let mut body = DecisionBody::new(event, Nanos::new(self.time), "demo", "główny", "calm");
        body.linked(&link);
        for (name, value) in members {
            body.metadata(name, &json!(value));
        }
        let mut line = Vec::new();
        body.form().write(&self.values, &mut line);
        if let Some(other) = other {
            let code = other.sign(&[&line]);
            body.metadata("new_key_mac", &json!(code.text()));
            line.clear();
            body.form().write(&self.values, &mut line);
        }
        self.chain.seal(&mut line, 0);
        line.pop();
        self.journal.files.last_mut().unwrap().push(String::from_utf8(line).unwrap());
        let head = self.chain.head();
        let closed = event == "journal_closed";
        if head.count.is_multiple_of(10) || closed {
            let checkpoint = Checkpoint { run: self.run.clone(), head, time: Nanos::new(self.time), closed };
            self.journal.checkpoints.push(checkpoint.line(&checkpoint_key(1)));
        }
    }
}

/// A journal of about `records` records, of a run that is like no other of another seed.
pub(super) fn journal(random: &mut Random, kind: Kind, records: usize) -> Journal {
    let first = kind.is_signed.then(|| key(kind.algorithm, "desk-1"));
    let mut desk = Desk {
        chain: Chain::new(first, Head::default()),
        values: Values::default(),
        time: 1_704_067_200_000_000_000,
        run: format!("{:016x}", random.next()),
        journal: Journal { files: vec![Vec::new()], checkpoints: Vec::new() },
    };
    desk.open(kind);
    let hands_over = kind.rotates_key.then(|| random.between(10, records - 10));
    for at in 0..records {
        if Some(at) == hands_over {
            let next = key(kind.algorithm, "desk-2");
            let members = [("new_algorithm", kind.algorithm.name()), ("new_key_id", "desk-2")];
            let signs = MacKey::new(kind.algorithm, None, &secret(kind.next_secret));
            desk.seal("key_rotated", &members, Some(&signs));
            desk.chain.change(next);
        }
        if let Some(ended) = kind.restarts.filter(|_| at == records / 2) {
            if ended == Ended::Closed {
                desk.close();
            }
            desk.run = format!("{:016x}", random.next());
            desk.open(kind);
        }
        if at % records.div_ceil(kind.files) == records.div_ceil(kind.files) - 1 && at + 1 < records {
            let file = desk.journal.files.len();
            desk.write("journal_rotated", &[("next_file", &format!("decisions-{}.jsonl", file + 1))]);
            let count = desk.chain.head().count.to_string();
            desk.journal.files.push(Vec::new());
            let previous = format!("decisions-{file}.jsonl");
            desk.write("journal_continued", &[("previous_file", &previous), ("previous_records", &count)]);
        }
        let event = ["strategy_signal", "order_submitted", "order_executed", "risk_refusal"][random.below(4)];
        let price = random.next().to_string();
        desk.write(event, &[("symbol", "BTC_USDT"), ("price", &price), ("note", "\"signature\":{ż\n\\")]);
    }
    desk.close();
    desk.journal
}

/// How a journal is looked at.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "switches that do not depend on each other")]
pub(super) struct Look {
    pub(super) checkpoints: bool,
    pub(super) keys: bool,
    pub(super) allow_unsigned: bool,
    pub(super) allow_open: bool,
}

impl Look {
    pub(super) const KEYS: Self =
        Self { checkpoints: false, keys: true, allow_unsigned: false, allow_open: false };
    pub(super) const CHECKPOINTS: Self = Self { checkpoints: true, ..Self::KEYS };
}

impl Journal {
    pub(super) fn len(&self) -> usize {
        self.files.iter().map(Vec::len).sum()
    }

    /// The file and the line's index in it of a line of all.
    pub(super) fn at(&self, mut index: usize) -> (usize, usize) {
        for (file, lines) in self.files.iter().enumerate() {
            if index < lines.len() || file + 1 == self.files.len() {
                return (file, index);
            }
            index -= lines.len();
        }
        unreachable!("there is a last file")
    }

    pub(super) fn line(&self, index: usize) -> &String {
        let (file, line) = self.at(index);
        &self.files[file][line]
    }

    pub(super) fn line_mut(&mut self, index: usize) -> &mut String {
        let (file, line) = self.at(index);
        &mut self.files[file][line]
    }

    pub(super) fn insert(&mut self, index: usize, line: String) {
        let (file, at) = self.at(index);
        self.files[file].insert(at, line);
    }

    pub(super) fn remove(&mut self, index: usize) -> String {
        let (file, at) = self.at(index);
        self.files[file].remove(at)
    }

    /// All lines in one file.
    pub(super) fn joined(mut self) -> Self {
        self.files = vec![self.files.concat()];
        self
    }

    pub(super) fn bytes(&self) -> Vec<Vec<u8>> {
        self.files.iter().map(|lines| (lines.join("\n") + "\n").into_bytes()).collect()
    }

    #[track_caller]
    pub(super) fn verify(&self, look: Look) -> Report {
        verify(&self.bytes(), &[&self.checkpoints], look)
    }

    pub(super) fn verify_alone(&self, look: Look) -> Report {
        verify_alone(&self.bytes(), &[&self.checkpoints], look)
    }

    pub(super) fn judged_by_python(&self, look: Look) -> Option<String> {
        python::judge(&self.bytes(), &[&self.checkpoints], look)
    }
}

pub(super) fn checkpoints_name(file: usize) -> String {
    format!("checkpoints-{}.jsonl", file + 1)
}

pub(super) fn name(file: usize) -> String {
    format!("decisions-{}.jsonl", file + 1)
}

/// As both verifiers see it, who have to agree.
#[track_caller]
pub(super) fn verify(files: &[Vec<u8>], checkpoints: &[&[String]], look: Look) -> Report {
    let report = verify_alone(files, checkpoints, look);
    python::assert_agrees(&report, files, checkpoints, look);
    report
}

/// As only the program sees it, for what [`python`] says that the script does not cover.
pub(super) fn verify_alone(files: &[Vec<u8>], checkpoints: &[&[String]], look: Look) -> Report {
    let lines = |bytes: &[u8]| Lines::of(std::io::Cursor::new(bytes.to_vec())).unwrap();
    let mut rules =
        Rules { allow_unsigned: look.allow_unsigned, allow_open: look.allow_open, ..Rules::default() };
    if look.keys {
        for name in ["desk-1", "desk-2"] {
            rules.keys.add(Some(name.to_owned()), &secret(name));
        }
    }
    let held_against = look.checkpoints.then(|| {
        let mut all = Checkpoints::new(checkpoint_key(1).public());
        for (file, some) in checkpoints.iter().enumerate() {
            all.add(checkpoints_name(file), lines(some.concat().as_bytes()));
        }
        all
    });
    let names = (0..files.len()).map(name).collect();
    let mut verifier = Verifier::new(rules, names, held_against).unwrap();
    for bytes in files {
        verifier.file(&mut lines(bytes)).unwrap();
    }
    verifier.finish().unwrap()
}
