//! Budgets: what was measured, held against what is allowed.

/// How a measurement relates to its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Well within it.
    Ok,
    /// At least [`WARNING`] of it.
    Warning,
    /// All of it, or more.
    Error,
}

/// The part of a budget from which it is nearly used up.
pub const WARNING: f64 = 0.85;

impl Status {
    /// The name in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A measurement with its budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// What is measured, with its unit.
    pub name: &'static str,
    /// The measurement; `None` where the system does not tell.
    pub measured: Option<f64>,
    /// What is allowed; `None` when it is not held against anything.
    pub limit: Option<f64>,
}

impl Budget {
    /// The measurement as a part of the budget; 0 when the budget is not positive.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        let (measured, limit) = self.measured.zip(self.limit)?;
        Some(if limit > 0.0 { measured / limit } else { 0.0 })
    }

    /// How they relate; `None` when there is nothing to hold against each other.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        Some(match self.ratio()? {
            ratio if ratio >= 1.0 => Status::Error,
            ratio if ratio >= WARNING => Status::Warning,
            _ => Status::Ok,
        })
    }
}

/// The worst of all.
#[must_use]
pub fn worst(budgets: &[Budget]) -> Status {
    budgets.iter().filter_map(Budget::status).max().unwrap_or(Status::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(measured: Option<f64>, limit: Option<f64>) -> Budget {
        Budget { name: "CPU", measured, limit }
    }

    #[test]
    fn all_of_a_budget_is_an_error_and_most_of_it_a_warning() {
        let status = |measured, limit| budget(Some(measured), Some(limit)).status().map(Status::name);
        assert_eq!(
            [84.9, 85.0, 99.9, 100.0, 250.0].map(|measured| status(measured, 100.0)),
            [Some("ok"), Some("warning"), Some("warning"), Some("error"), Some("error"),]
        );
        assert_eq!(status(5.0, 0.0), Some("ok"), "no budget at all is not exceeded");
    }

    #[test]
    fn what_is_not_measured_is_not_judged() {
        let budgets = [budget(None, Some(1.0)), budget(Some(9.0), None)];
        assert_eq!(budgets.map(|budget| budget.status()), [None, None]);
        assert_eq!(worst(&budgets), Status::Ok);
        assert_eq!(worst(&[budget(Some(9.0), Some(10.0)), budget(Some(1.0), Some(10.0))]), Status::Warning);
    }
}
