//! `risk_profiles.<name>`.

use hemiola_components::risk::RiskProfile;
use hemiola_components::units::Ratio;

use crate::config::view::View;

pub(super) fn decode(field: &View<'_>) -> RiskProfile {
    RiskProfile {
        name: field.name.to_owned(),
        max_positions: field.count("max_open_positions"),
        max_position: Ratio::new(field.number_or_zero("max_position_pct")),
        max_leverage: field.number_or_zero("max_leverage"),
        max_drawdown: Ratio::ZERO,
    }
}
