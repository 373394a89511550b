//! Which key signs which records.

use super::keys::Keys;
use super::record::{Fast, Record};
use crate::journal::Algorithm;

/// The key of the records from one number on.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    from: u64,
    /// As records name it.
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    fast: Option<Fast>,
}

impl Signer {
    pub(super) fn is(&self, id: Option<&str>, algorithm: Algorithm) -> bool {
        self.id.as_deref() == id && self.algorithm == algorithm
    }
}

/// All keys of a journal, in the order of the records they sign.
#[derive(Clone, Debug, Default)]
pub(super) struct Signers(Vec<Signer>);

impl Signers {
    /// From record `from` on this key signs.
    pub(super) fn change(&mut self, from: u64, id: Option<&str>, algorithm: Algorithm, keys: &Keys) {
        let fast = keys.get(id, algorithm).and_then(|key| Fast::new(key, algorithm, id));
        let signer = Signer { from, id: id.map(ToOwned::to_owned), algorithm, fast };
        match self.0.binary_search_by_key(&from, |one| one.from) {
            Ok(at) => self.0[at] = signer,
            Err(at) => self.0.insert(at, signer),
        }
    }

    /// The key of a record; of one without a number, that of the last.
    pub(super) fn at(&self, seq: Option<u64>) -> Option<&Signer> {
        self.0.iter().rev().find(|signer| seq.is_none_or(|seq| signer.from <= seq))
    }

    /// Whether a key signs any records up to this one.
    pub(super) fn signed_before(&self, seq: u64, id: Option<&str>, algorithm: Algorithm) -> bool {
        self.0.iter().any(|signer| signer.from <= seq && signer.is(id, algorithm))
    }

    /// The record in a line of the key that signs now, if the line has the form the writer gives it and is good.
    pub(super) fn read<'a>(&self, line: &'a [u8]) -> Option<Record<'a>> {
        let signer = self.0.last()?;
        signer.fast.as_ref()?.read(line).filter(|record| signer.from <= record.seq)
    }

    /// The names of the keys.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|signer| signer.id.as_deref())
    }

    /// The algorithms of the keys.
    pub(super) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.0.iter().map(|signer| signer.algorithm)
    }
}
