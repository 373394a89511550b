//! What a line says, as it is said.

use hemiola_adapters::journal::{DecisionBody, Field, Part, Values};
use hemiola_components::signal::Leg;
use hemiola_components::time::Nanos;

/// The values of a line, and what surrounds them if there was no line like it before.
pub(crate) struct Draft<'a> {
    pub(super) values: &'a mut Values,
    pub(super) body: Option<DecisionBody>,
}

impl Draft<'_> {
    /// A standard field that is the same in all lines like this one.
    pub(super) fn text(&mut self, field: Field, text: &str) {
        if let Some(body) = &mut self.body {
            body.text(field, text);
        }
    }

    /// A standard field. Absurd prices can multiply beyond what f64 holds; the record then says so.
    pub(super) fn number(&mut self, field: Field, value: f64) {
        let value = self.values.decimal(value);
        if let Some(body) = &mut self.body {
            body.parts(field, &[value]);
        }
    }

    /// A text of our own that is the same in all lines like this one.
    pub(crate) fn note(&mut self, key: &str, text: &str) {
        self.metadata(key, &[Part::Text(text)]);
    }

    pub(super) fn flag(&mut self, key: &str, flag: bool) {
        self.note(key, if flag { "true" } else { "false" });
    }

    pub(super) fn instant(&mut self, key: &str, instant: Nanos) {
        let value = self.values.instant(instant);
        self.metadata(key, &[value]);
    }

    pub(super) fn float(&mut self, key: &str, value: f64) {
        let value = self.values.float(value);
        self.metadata(key, &[value]);
    }

    pub(super) fn whole(&mut self, key: &str, value: i64) {
        let value = self.values.integer(value);
        self.metadata(key, &[value]);
    }

    /// Numbers by name, as one object.
    pub(super) fn numbers<'n>(&mut self, key: &str, numbers: impl Iterator<Item = (&'n str, f64)>) {
        let object: serde_json::Map<_, _> =
            numbers.map(|(name, value)| (name.to_owned(), serde_json::json!(value))).collect();
        self.note(key, &serde_json::Value::Object(object).to_string());
    }

    /// What a rule compared: it may be infinite, and says so.
    pub(super) fn limit(&mut self, key: &str, value: f64) {
        let value = if value.is_finite() { self.values.float(value) } else { self.values.decimal(value) };
        self.metadata(key, &[value]);
    }

    /// The legs of a pair as the engine saw them, the deciding instrument's first.
    pub(super) fn legs(&mut self, key: &str, legs: &[Leg; 2]) {
        const BEGIN: [Part<'_>; 2] = [Part::Text(r#"[{"price":"#), Part::Text(r#"},{"price":"#)];
        let mut parts = Vec::new();
        for (leg, begin) in legs.iter().zip(BEGIN) {
            let [price, quantity] =
                [leg.price.get(), leg.quantity.get()].map(|value| self.values.float(value));
            let side = Part::Text(leg.side.name());
            let text = Part::Text;
            parts.extend([
                begin,
                price,
                text(r#","quantity":"#),
                quantity,
                text(r#","side":""#),
                side,
                text("\""),
            ]);
        }
        parts.push(Part::Text("}]"));
        self.metadata(key, &parts);
    }

    /// Appends the record of a draft that has a body of its own.
    pub(super) fn write(self, line: &mut Vec<u8>) {
        if let Some(body) = self.body {
            body.form().write(self.values, line);
        }
    }

    fn metadata(&mut self, key: &str, parts: &[Part<'_>]) {
        if let Some(body) = &mut self.body {
            body.metadata_parts(key, parts);
        }
    }
}
