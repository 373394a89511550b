//! `strategies.<name>`.

use std::path::Path;

use hemiola_components::strategy::{Classification, EngineSpec, ParameterKind, ParameterValue, Parameters};
use serde_json::Value as Scalar;

use crate::config::check::parameters_of;
use crate::config::definition::{Additions, Definition};
use crate::config::tree::Value;
use crate::config::view::View;

/// An engine with its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Strategy {
    pub(crate) name: String,
    pub(crate) engine: String,
    pub(crate) parameters: Parameters,
    pub(crate) definition: Definition,
    /// For schedules that name none.
    pub(crate) risk_profile: Option<String>,
    /// The only interval that its engine reads.
    pub(crate) interval: Option<&'static str>,
    /// The first and the second venue, when its engine trades one against the other.
    pub(crate) venues: Option<[String; 2]>,
}

impl Strategy {
    pub(super) fn decode(field: &View<'_>, folder: &Path, engines: &[EngineSpec]) -> Self {
        let engine = field.text("engine").unwrap_or_default();
        let spec = engines.iter().find(|spec| spec.name == engine);
        let parameters = spec.map(|spec| decode_parameters(field, folder, spec)).unwrap_or_default();
        let venue = |name| parameters.text(name).unwrap_or_default().to_owned();
        Self {
            name: field.name.to_owned(),
            engine: engine.to_owned(),
            definition: decode_definition(field, spec),
            risk_profile: field.text("risk_profile").map(ToOwned::to_owned),
            interval: spec.and_then(|spec| spec.interval),
            venues: spec
                .filter(|spec| spec.trades_pairs)
                .map(|_| ["primary_exchange", "secondary_exchange"].map(venue)),
            parameters,
        }
    }
}

/// The parameters with paths from the working directory.
fn decode_parameters(field: &View<'_>, folder: &Path, engine: &EngineSpec) -> Parameters {
    let Some(Value::Map(entries)) = field.get("parameters").map(|field| &field.node.value) else {
        return Parameters::default();
    };
    let mut parameters = parameters_of(entries);
    for spec in engine.parameters.iter().filter(|spec| spec.kind == ParameterKind::TargetsFile) {
        let Some(ParameterValue::Text(text)) = parameters.0.get_mut(spec.name) else { continue };
        match folder.join(&text).to_str() {
            Some(path) => path.clone_into(text),
            None => field.error("unsupported", "the configuration's folder has a name that is not UTF-8"),
        }
    }
    parameters
}

/// The strategy's place in the catalogue.
fn decode_definition(field: &View<'_>, engine: Option<&EngineSpec>) -> Definition {
    let scalar = |entry: View<'_>| {
        let value = match &entry.node.value {
            Value::Bool(value) => Scalar::from(*value),
            Value::Number(value) => Scalar::from(*value),
            Value::Text(text) => Scalar::from(text.as_str()),
            _ => return None,
        };
        Some((entry.name.to_owned(), value))
    };
    let additions = Additions {
        tags: field.texts("tags"),
        risk_classes: field.texts("risk_classes"),
        required_data: field.texts("required_data"),
        risk_hooks: field.texts("risk_hooks"),
        metadata: field.map("metadata").into_iter().filter_map(scalar).collect(),
    };
    Definition::new(engine.map_or(&Classification::CUSTOM, |spec| &spec.classification), additions)
}
