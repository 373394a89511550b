//! `hemiola risk drill`: a line per check, or one document.

use serde_json::json;

use super::project::Project;

#[test]
fn drills_say_what_they_saw() {
    let project = Project::new();
    let before = project.snapshot("");
    let text = project.succeeds("risk drill all").stdout;
    for drill in ["liquidation", "daily-reset", "max-position"] {
        assert!(text.contains(&format!("{drill}\n  ok ")), "{text}");
        let alone = project.succeeds(&format!("risk drill {drill}")).stdout;
        assert!(text.contains(&alone), "{alone}");
    }
    assert!(!text.contains("failed") && text.contains("13.33 % of 10.00 %"), "{text}");
    assert!(project.snapshot("") == before, "a drill leaves nothing behind");
}

#[test]
fn a_drill_is_a_document() {
    let document = Project::new().succeeds("risk drill max-position --json").json();
    assert_eq!((&document["schema"], &document["status"]), (&json!("hemiola.risk.drill/1"), &json!("ok")));
    let drill = &document["drills"][0];
    assert_eq!((&drill["drill"], &drill["passed"]), (&json!("max-position"), &json!(true)));
    let check = &drill["checks"][3];
    assert_eq!(check["check"], "together they keep to the limit");
    assert_eq!((&check["passed"], &check["seen"]), (&json!(true), &json!("2000.00 of 2000.00")));
}
