//! Instants as text: RFC 3339 in UTC.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat};
use hemiola_components::time::Nanos;

/// `2024-01-31T12:00:00+00:00`, with a fraction when there is one.
#[must_use]
pub fn text(instant: Nanos) -> String {
    DateTime::from_timestamp_nanos(instant.get()).to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// Reads a date, a date and time (both UTC), or RFC 3339.
///
/// # Errors
/// When the text is none of these, or lies outside the years 1678 to 2261.
pub fn parse(text: &str) -> Result<Nanos, String> {
    let date = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0);
    let naive = || text.parse::<NaiveDateTime>().ok().or_else(date).map(|time| time.and_utc());
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.to_utc())
        .or_else(naive)
        .and_then(|time| time.timestamp_nanos_opt())
        .map(Nanos::new)
        .ok_or_else(|| {
            format!("`{text}` is not an instant: write 2024-01-31, 2024-01-31T12:00:00 or 2024-01-31T12:00:00+01:00")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_utc_unless_they_say_otherwise() {
        let noon = parse("2024-01-31T12:00:00").unwrap();
        assert_eq!(parse("2024-01-31T13:00:00+01:00").unwrap(), noon);
        assert_eq!(text(noon), "2024-01-31T12:00:00+00:00");
        assert_eq!(text(parse("2024-01-31").unwrap()), "2024-01-31T00:00:00+00:00");
        for wrong in ["yesterday", "2024-13-01", "1066-10-14", ""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
