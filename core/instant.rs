//! Instants as text: RFC 3339 in UTC.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use hemiola_components::time::Nanos;

/// `2024-01-31T12:00:00+00:00`, with a fraction when there is one.
#[must_use]
pub fn text(instant: Nanos) -> String {
    DateTime::from_timestamp_nanos(instant.get()).to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// Reads a date, or a date and time with `T` or a blank between them; without an offset they are UTC.
///
/// # Errors
/// When the text is none of these, or lies outside the years 1678 to 2261.
pub fn parse(text: &str) -> Result<Nanos, String> {
    let trimmed = text.trim();
    read(trimmed).and_then(|time| time.timestamp_nanos_opt()).map(Nanos::new).ok_or_else(|| {
        format!(
            "`{text}` is not an instant: write 2024-01-31, 2024-01-31T12:00:00 or 2024-01-31T12:00:00+01:00"
        )
    })
}

fn read(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Some(date.and_hms_opt(0, 0, 0)?.and_utc());
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let with_offset =
        ["%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M%:z", "%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%d %H:%M%:z"];
    let without = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    let plain = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let naive = without.iter().find_map(|form| NaiveDateTime::parse_from_str(plain, form).ok());
    let offset = || with_offset.iter().find_map(|form| DateTime::parse_from_str(text, form).ok());
    naive.map(|time| time.and_utc()).or_else(|| offset().map(|time| time.to_utc()))
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
        for same in
            ["2024-01-31 12:00", "2024-01-31T12:00Z", "2024-01-31 13:00+01:00", " 2024-01-31 12:00:00.0 "]
        {
            assert_eq!(parse(same).unwrap(), noon, "{same}");
        }
        for wrong in ["yesterday", "2024-13-01", "1066-10-14", ""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
