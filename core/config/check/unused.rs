//! What a file says and nothing uses yet: said once for each section.

use std::cell::{Cell, RefCell};

use crate::config::field::Field;
use crate::config::problem::{Place, Problems};

#[derive(Default)]
pub(super) struct Unused {
    paused: Cell<u32>,
    sections: RefCell<Vec<Noted>>,
}

struct Noted {
    section: String,
    first: Place,
    names: Vec<String>,
}

/// Nothing is noted while it lives.
pub(super) struct Pause<'u>(&'u Cell<u32>);

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Unused {
    pub(super) fn pause(&self) -> Pause<'_> {
        self.paused.set(self.paused.get() + 1);
        Pause(&self.paused)
    }

    /// Notes something at `field`, by the name that the report is to call it.
    pub(super) fn note(&self, field: &Field<'_>, name: &str) {
        if self.paused.get() > 0 {
            return;
        }
        let section = field.path.split('.').next().unwrap_or_default();
        let mut sections = self.sections.borrow_mut();
        match sections.iter_mut().find(|noted| noted.section == section) {
            Some(noted) if noted.names.iter().any(|known| known == name) => {}
            Some(noted) => noted.names.push(name.to_owned()),
            None => sections.push(Noted {
                section: section.to_owned(),
                first: field.key_place(),
                names: vec![name.to_owned()],
            }),
        }
    }

    pub(super) fn report(&self, problems: &Problems) {
        for Noted { section, first, names } in &*self.sections.borrow() {
            let message = if names == std::slice::from_ref(section) {
                "is checked, and has no effect in this version".to_owned()
            } else {
                format!("checked, and without effect in this version: {}", names.join(", "))
            };
            problems.info(&Place { path: section.clone(), ..first.clone() }, "not_used_yet", message);
        }
    }
}
