//! A column of values: a vector of its own, or memory that somebody else keeps.

use std::convert::Infallible;
use std::fmt;
use std::ops::{Deref, DerefMut, Range};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Values in memory that is shared and does not change, such as a mapped file.
pub type Shared<T> = Arc<dyn AsRef<[T]> + Send + Sync>;

/// Values one after another, read as a slice. Whether they are in a vector or in shared memory matters to nobody who
/// reads; who changes shared ones gets a copy of them all first.
///
/// Reading costs a branch, and a call where the memory is shared: a loop takes the slice once.
#[derive(Clone)]
pub struct Column<T>(Memory<T>);

#[derive(Clone)]
enum Memory<T> {
    Owned(Vec<T>),
    Shared(Shared<T>),
}

impl<T> Column<T> {
    /// No values.
    #[must_use]
    pub const fn new() -> Self {
        Self(Memory::Owned(Vec::new()))
    }

    /// Values that somebody else keeps.
    #[must_use]
    pub fn shared(values: Shared<T>) -> Self {
        Self(Memory::Shared(values))
    }

    /// How many values there is memory for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        match &self.0 {
            Memory::Owned(values) => values.capacity(),
            Memory::Shared(values) => kept(values).len(),
        }
    }

    /// Whether somebody else keeps the values.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self.0, Memory::Shared(_))
    }
}

impl<T: Clone + Send + Sync + 'static> Column<T> {
    /// The values as a vector that can be changed; shared ones are copied into one.
    pub fn to_mut(&mut self) -> &mut Vec<T> {
        if let Memory::Shared(values) = &self.0 {
            self.0 = Memory::Owned((**values).as_ref().to_vec());
        }
        match &mut self.0 {
            Memory::Owned(values) => values,
            Memory::Shared(_) => unreachable!("shared values have been copied"),
        }
    }

    /// Adds a value at the end.
    pub fn push(&mut self, value: T) {
        self.to_mut().push(value);
    }

    /// Only these values, without room for others.
    ///
    /// # Panics
    /// When there are no such values.
    #[must_use]
    pub fn cut(self, range: Range<usize>) -> Self {
        match self.0 {
            Memory::Owned(mut values) => {
                values.truncate(range.end);
                values.drain(..range.start);
                values.shrink_to_fit();
                values.into()
            }
            Memory::Shared(all) => {
                assert!(
                    range.start <= range.end && range.end <= (*all).as_ref().len(),
                    "values that there are"
                );
                Self::shared(Arc::new(Part { all, range }))
            }
        }
    }
}

/// Where the values of a column go while they are computed.
pub trait Sink<T> {
    /// Why values could not be taken.
    type Error;

    /// Takes the next values.
    ///
    /// # Errors
    /// When there is no room for them.
    fn put(&mut self, values: &[T]) -> Result<(), Self::Error>;

    /// All values that were taken.
    ///
    /// # Errors
    /// When they cannot be read again.
    fn finish(self) -> Result<Column<T>, Self::Error>;
}

impl<T: Copy> Sink<T> for Vec<T> {
    type Error = Infallible;

    #[inline]
    fn put(&mut self, values: &[T]) -> Result<(), Infallible> {
        self.extend_from_slice(values);
        Ok(())
    }

    fn finish(self) -> Result<Column<T>, Infallible> {
        Ok(self.into())
    }
}

/// Some of the values of another column.
struct Part<T> {
    all: Shared<T>,
    range: Range<usize>,
}

impl<T> AsRef<[T]> for Part<T> {
    fn as_ref(&self) -> &[T] {
        &(*self.all).as_ref()[self.range.clone()]
    }
}

impl<T> Deref for Column<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match &self.0 {
            Memory::Owned(values) => values,
            Memory::Shared(values) => kept(values),
        }
    }
}

/// Apart, so that reading a vector is not slowed down by it.
#[cold]
#[inline(never)]
fn kept<T>(values: &Shared<T>) -> &[T] {
    (**values).as_ref()
}

impl<T: Clone + Send + Sync + 'static> DerefMut for Column<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        self.to_mut()
    }
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<Vec<T>> for Column<T> {
    fn from(values: Vec<T>) -> Self {
        Self(Memory::Owned(values))
    }
}

impl<T> FromIterator<T> for Column<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        values.into_iter().collect::<Vec<T>>().into()
    }
}

impl<T: Clone + Send + Sync + 'static> Extend<T> for Column<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        self.to_mut().extend(values);
    }
}

impl<'a, T> IntoIterator for &'a Column<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T: Clone + Send + Sync + 'static> IntoIterator for &'a mut Column<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<T: Serialize> Serialize for Column<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Column<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

impl<T: fmt::Debug> fmt::Debug for Column<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// By content, wherever it is.
impl<T: PartialEq> PartialEq for Column<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: PartialEq> PartialEq<Vec<T>> for Column<T> {
    fn eq(&self, other: &Vec<T>) -> bool {
        **self == **other
    }
}

impl<T: PartialEq> PartialEq<Column<T>> for [T] {
    fn eq(&self, other: &Column<T>) -> bool {
        *self == **other
    }
}

impl<T: PartialEq, const N: usize> PartialEq<[T; N]> for Column<T> {
    fn eq(&self, other: &[T; N]) -> bool {
        **self == other[..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both() -> [Column<i32>; 2] {
        [Column::from(vec![1, 2, 3, 4]), Column::shared(Arc::new(vec![1, 2, 3, 4]))]
    }

    #[test]
    fn where_the_values_are_does_not_matter() {
        let [owned, shared] = both();
        assert!(shared.is_shared() && !owned.is_shared());
        assert_eq!(owned, shared);
        assert_eq!(shared, [1, 2, 3, 4]);
        assert_ne!(shared, Column::from(vec![1, 2, 3]));
        assert_eq!(format!("{shared:?}"), "[1, 2, 3, 4]");
        assert_eq!(Column::<i32>::default(), []);
        for column in both() {
            assert_eq!(column.clone().cut(1..3), [2, 3]);
            assert_eq!(column.clone().cut(1..4).cut(1..2), [3]);
            assert_eq!(column.cut(4..4), []);
        }
    }

    #[test]
    fn a_change_leaves_other_holders_of_shared_values_alone() {
        for mut column in both() {
            let before = column.clone();
            column[0] = 7;
            column.push(5);
            column.extend([6]);
            assert_eq!(column, [7, 2, 3, 4, 5, 6]);
            assert_eq!(before, [1, 2, 3, 4]);
            assert!(!column.is_shared());
        }
    }
}
