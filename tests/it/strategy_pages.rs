//! The pages of the engines list the parameters there are.

use std::fs;
use std::path::Path;

use hemiola_components::strategy::{EngineSpec, ParameterDefault, ParameterKind, ParameterSpec};
use hemiola_systems::signals::catalog::Catalog;

fn range(kind: ParameterKind) -> String {
    match kind {
        ParameterKind::Count { min, max } => format!("whole, {min} to {max}"),
        ParameterKind::Number { min, max } => format!("{min} to {max}"),
        ParameterKind::Positive { max } => format!("above 0, to {max}"),
        ParameterKind::Choice(words) => {
            words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        }
        ParameterKind::Venue => "a venue".to_owned(),
        ParameterKind::TargetsFile => "a path".to_owned(),
    }
}

fn row(engine: &EngineSpec, spec: &ParameterSpec) -> String {
    let default = match spec.default {
        ParameterDefault::Required => "required".to_owned(),
        ParameterDefault::Number(value) => value.to_string(),
        ParameterDefault::Text(text) => format!("`{text}`"),
    };
    let presets = engine.presets.iter().map(|preset| {
        let value = preset.values.iter().find(|(name, _)| *name == spec.name);
        value.map_or(String::new(), |(_, value)| value.to_string())
    });
    let cells = [format!("`{}`", spec.name), default].into_iter().chain(presets);
    let cells = cells.chain([range(spec.kind), spec.summary.to_owned()]);
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

fn table(engine: &EngineSpec) -> String {
    let presets = engine.presets.iter().map(|preset| format!("preset `{}`", preset.name));
    let head = ["name".to_owned(), "default".to_owned()].into_iter().chain(presets);
    let head: Vec<String> = head.chain(["range".to_owned(), "meaning".to_owned()]).collect();
    let rule = vec!["---"; head.len()].join(" | ");
    let rows: Vec<String> = engine.parameters.iter().map(|spec| row(engine, spec)).collect();
    format!("| {} |\n| {rule} |\n{}\n", head.join(" | "), rows.join("\n"))
}

#[test]
fn each_engine_has_a_page_with_its_parameters() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/strategies");
    let index = fs::read_to_string(folder.join("README.md")).unwrap();
    for engine in Catalog::built_in().specs() {
        let page = format!("{}.md", engine.name);
        assert!(index.contains(&format!("]({page})")), "the index has no link to {page}");
        let text = fs::read_to_string(folder.join(&page)).unwrap();
        let table = table(&engine);
        assert!(text.contains(&table), "docs/strategies/{page} should hold:\n{table}");
    }
}
