//! Instants and days as they stand in files, for `#[serde(with)]`.

/// RFC 3339 in UTC, such as `2024-01-31T12:00:00+00:00`.
pub mod instant {
    use chrono::{DateTime, SecondsFormat};
    use hemiola_components::time::Nanos;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    /// Writes it.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(instant: &Nanos, serializer: S) -> Result<S::Ok, S::Error> {
        let time = DateTime::from_timestamp_nanos(instant.get());
        serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, false))
    }

    /// Reads it.
    ///
    /// # Errors
    /// When it is no such text.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Nanos, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = DateTime::parse_from_rfc3339(&text).map_err(D::Error::custom)?;
        let nanos = time.timestamp_nanos_opt();
        nanos.map(Nanos::new).ok_or_else(|| D::Error::custom(format!("`{text}` is outside 1678 to 2261")))
    }
}

/// The same, or nothing.
pub mod optional_instant {
    use hemiola_components::time::Nanos;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::instant;

    #[derive(Serialize, Deserialize)]
    struct Written(#[serde(with = "instant")] Nanos);

    /// Writes it.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(instant: &Option<Nanos>, serializer: S) -> Result<S::Ok, S::Error> {
        instant.map(Written).serialize(serializer)
    }

    /// Reads it.
    ///
    /// # Errors
    /// When it is no such text.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Nanos>, D::Error> {
        Ok(Option::<Written>::deserialize(deserializer)?.map(|Written(instant)| instant))
    }
}

/// A day as `2024-01-31`; its instant is the midnight (UTC) it begins with.
pub(crate) mod day {
    use chrono::{DateTime, NaiveDate, NaiveTime};
    use hemiola_components::time::Nanos;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
    pub(crate) fn serialize<S: Serializer>(day: &Nanos, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&DateTime::from_timestamp_nanos(day.get()).date_naive())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Nanos, D::Error> {
        let text = String::deserialize(deserializer)?;
        let date: NaiveDate = text.parse().map_err(D::Error::custom)?;
        let nanos = date.and_time(NaiveTime::MIN).and_utc().timestamp_nanos_opt();
        nanos.map(Nanos::new).ok_or_else(|| D::Error::custom(format!("`{text}` is outside 1678 to 2261")))
    }
}
