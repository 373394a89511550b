//! Lines that are the same but for some of their values: what surrounds the values is made once.

use hemiola_components::time::Nanos;

use super::instant::{self, Fraction};
use super::number;

/// A piece of a text in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// The same in every line.
    Text(&'a str),
    /// The value with this number, one for each line.
    Value(usize),
}

/// The values of one line, numbered in the order they are given. None of them needs escapes.
#[derive(Clone, Debug, Default)]
pub struct Values {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Values {
    /// Forgets all of them, for the next line.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// An instant as records are stamped: microseconds when there are any.
    pub fn timestamp(&mut self, instant: Nanos) -> Part<'static> {
        instant::write(instant, Fraction::Micros, &mut self.text);
        self.end()
    }

    /// An instant with all of its digits.
    pub fn instant(&mut self, instant: Nanos) -> Part<'static> {
        instant::write(instant, Fraction::Shortest, &mut self.text);
        self.end()
    }

    /// A number of a standard field: rounded to 10 decimals, or the name of what is not finite.
    pub fn decimal(&mut self, value: f64) -> Part<'static> {
        number::decimal(value, &mut self.text);
        self.end()
    }

    /// A float in its canonical text; `null` when JSON cannot hold it.
    pub fn float(&mut self, value: f64) -> Part<'static> {
        number::canonical(value, &mut self.text);
        self.end()
    }

    /// A whole number.
    pub fn integer(&mut self, value: i64) -> Part<'static> {
        if value < 0 {
            self.text.push(b'-');
        }
        self.unsigned(value.unsigned_abs())
    }

    /// A whole number without a sign.
    pub(super) fn unsigned(&mut self, value: u64) -> Part<'static> {
        number::digits(value, &mut self.text);
        self.end()
    }

    /// A text that needs no escapes.
    pub(super) fn text(&mut self, text: &str) -> Part<'static> {
        self.text.extend_from_slice(text.as_bytes());
        self.end()
    }

    fn end(&mut self) -> Part<'static> {
        self.ends.push(self.text.len());
        Part::Value(self.ends.len() - 1)
    }

    fn get(&self, value: usize) -> &[u8] {
        let start = value.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[value]]
    }
}

/// Where a value belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hole {
    /// The bytes of the text before it.
    pub(super) at: usize,
    /// Its number.
    pub(super) value: usize,
}

/// The canonical text of a record with holes for its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    pub(super) text: Vec<u8>,
    /// In the order of the text.
    pub(super) holes: Vec<Hole>,
}

impl Form {
    /// Appends the record with these values, without a line break.
    ///
    /// # Panics
    /// When there are fewer values than the form has numbers.
    pub fn write(&self, values: &Values, line: &mut Vec<u8>) {
        let mut start = 0;
        for Hole { at, value } in &self.holes {
            line.extend_from_slice(&self.text[start..*at]);
            line.extend_from_slice(values.get(*value));
            start = *at;
        }
        line.extend_from_slice(&self.text[start..]);
    }
}

#[cfg(test)]
mod tests {
    use crate::journal::{DecisionBody, Field};

    use super::*;

    #[test]
    fn a_form_gives_the_lines_of_its_values() {
        fn body(time: Part<'_>) -> DecisionBody {
            DecisionBody::stamped("fill", time, "demo", "main", "bold")
        }
        let mut values = Values::default();
        let [time, price, fee] = [values.timestamp(Nanos::ZERO), values.decimal(0.0), values.float(0.0)];
        let mut record = body(time);
        record.parts(Field::SignalId, &[Part::Text("a\"b:"), time, Part::Text(":"), price]);
        record.parts(Field::Price, &[price]).metadata_parts("price", &[fee, Part::Text("\\")]);
        let form = record.form();
        for (nanos, number) in [(0, 1.5), (1_704_067_200_120_000_000, -2e-20), (-1, f64::NAN)] {
            values.clear();
            values.timestamp(Nanos::new(nanos));
            values.decimal(number);
            values.float(number);
            let mut line = b"before".to_vec();
            form.write(&values, &mut line);

            let text = |of: &dyn Fn(&mut Values) -> Part<'static>| {
                let mut one = Values::default();
                of(&mut one);
                String::from_utf8(one.get(0).to_vec()).unwrap()
            };
            let time = text(&|one| one.timestamp(Nanos::new(nanos)));
            let price = text(&|one| one.decimal(number));
            let fee = text(&|one| one.float(number));
            let mut expected = body(Part::Text(&time));
            expected.text(Field::SignalId, &format!("a\"b:{time}:{price}")).text(Field::Price, &price);
            expected.metadata("price", &format!("{fee}\\").into());
            assert_eq!(String::from_utf8(line).unwrap(), format!("before{}", expected.line()));
        }
    }

    #[test]
    fn whole_numbers_have_a_sign_when_they_need_one() {
        let mut values = Values::default();
        for (number, text) in [(0, "0"), (-7, "-7"), (i64::MIN, "-9223372036854775808")] {
            let part = values.integer(number);
            let Part::Value(index) = part else { panic!("{part:?}") };
            assert_eq!(values.get(index), text.as_bytes());
        }
    }
}
