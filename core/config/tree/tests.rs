//! Tests of the tree.

use std::fmt::Write;

use super::*;

/// The tree on one line: `key@line:column=value@line:column`.
fn shown(node: &Node) -> String {
    let at = format!("@{}:{}", node.position.line, node.position.column);
    match &node.value {
        Value::Null => format!("~{at}"),
        Value::Bool(value) => format!("{value}{at}"),
        Value::Number(value) => format!("{value}{at}"),
        Value::Text(value) => format!("'{value}'{at}"),
        Value::Sequence(items) => {
            format!("[{}]{at}", items.iter().map(shown).collect::<Vec<_>>().join(" "))
        }
        Value::Map(entries) => {
            let entry =
                |e: &Entry| format!("{}@{}:{}={}", e.key, e.position.line, e.position.column, shown(&e.node));
            format!("{{{}}}{at}", entries.iter().map(entry).collect::<Vec<_>>().join(" "))
        }
    }
}

fn tree(text: &str) -> String {
    shown(&parse(text).unwrap().0)
}

#[test]
fn every_key_and_value_knows_its_place() {
    assert_eq!(
        tree("a:\n  b: [1, x, true]\n  żółć: {c: 'd', e: 2.5}\nf:\n"),
        "{a@1:1={b@2:3=[1@2:7 'x'@2:10 true@2:13]@2:6 żółć@3:3={c@3:10='d'@3:13 e@3:18=2.5@3:21}@3:9}@2:3 f@4:1=~@4:2}@1:1"
    );
    assert_eq!(
        tree("\u{feff}# comment\r\na: 1\r\nb: |\r\n  text\r\n"),
        "{a@2:1=1@2:4 b@3:1='text\n'@4:3}@2:1"
    );
}

#[test]
fn an_alias_brings_the_places_of_its_anchor() {
    assert_eq!(
        tree("a: &x {b: 1}\nc: *x\nd: &y [2]\ne: *y\n"),
        "{a@1:1={b@1:8=1@1:11}@1:7 c@2:1={b@1:8=1@1:11}@1:7 d@3:1=[2@3:8]@3:7 e@4:1=[2@3:8]@3:7}@1:1"
    );
}

#[test]
fn merged_keys_keep_their_places_and_yield_to_written_ones() {
    assert_eq!(
        tree("base: &b\n  p: 1\n  q: 2\nuse:\n  <<: *b\n  q: 3\n"),
        "{base@1:1={p@2:3=1@2:6 q@3:3=2@3:6}@2:3 use@4:1={q@6:3=3@6:6 p@2:3=1@2:6}@5:3}@1:1"
    );
}

#[test]
fn quoted_digits_are_text_and_yaml_words_are_plain() {
    assert_eq!(
        tree("[\"20\", 1h, on, no, ~, null, 1e3, -.5, 0x10]"),
        "['20'@1:2 '1h'@1:8 'on'@1:12 'no'@1:16 ~@1:20 ~@1:23 1000@1:29 -0.5@1:34 16@1:39]@1:1"
    );
    assert_eq!(tree("[.inf, 1e999, .nan]"), "[inf@1:2 inf@1:8 NaN@1:15]@1:1");
}

#[test]
fn a_repeated_key_is_noted_and_the_last_one_counts() {
    let (root, repeated) = parse("m:\n  a: 1\n  b: 2\n  a: 3\nl:\n- {c: 1, c: 2}\n").unwrap();
    assert_eq!(shown(&root), "{m@1:1={a@4:3=3@4:6 b@3:3=2@3:6}@2:3 l@5:1=[{c@6:10=2@6:13}@6:3]@6:3}@1:1");
    let noted: Vec<_> = repeated
        .iter()
        .map(|r| (r.path.as_str(), r.first.unwrap().line, r.last.line, r.last.column))
        .collect();
    assert_eq!(noted, [("m.a", 2, 4, 3), ("l[0].c", 6, 6, 10)]);
}

#[test]
fn a_repeated_key_made_of_digits_is_noted_too() {
    let (root, repeated) = parse("m:\n  1: a\n  1: b\n").unwrap();
    assert_eq!(shown(&root), "{m@1:1={1@3:3='b'@3:6}@2:3}@1:1");
    let at = |line, column| Position { line, column };
    let noted = |path: &str, first, last| Repeated { path: path.to_owned(), first: Some(first), last };
    assert_eq!(repeated, [noted("m.1", at(2, 3), at(3, 3))]);
    let (_, repeated) = parse("m:\n  1: a\n  1: b\nn:\n  x: 1\n  x: 2\n").unwrap();
    assert_eq!(repeated, [noted("n.x", at(5, 3), at(6, 3)), noted("m.1", at(2, 3), at(3, 3))]);
    let (root, repeated) = parse("a: {<<: {b: 1, b: 2}, c: 3}\n").unwrap();
    assert!(shown(&root).contains("b@1:16=2"), "{}", shown(&root));
    assert_eq!(repeated, [noted("a.b", at(1, 10), at(1, 16))]);
    let (_, repeated) = parse("base: &base {b: 1}\na: {<<: *base, b: 2}\n").unwrap();
    assert_eq!(repeated, [], "a key of its own goes before a merged one");
}

fn refusal(text: &str) -> SyntaxError {
    parse(text).unwrap_err()
}

#[test]
fn what_is_not_yaml_is_one_located_error() {
    let at = |text: &str| {
        let error = refusal(text);
        assert!(!error.message.contains(" at line "), "{}", error.message);
        (error.position.line, error.position.column)
    };
    assert_eq!(at("a: 1\nb: [1, 2\nc: 3\n").0, 3);
    assert_eq!(at("a: 1\n b: 2\n").0, 2);
    assert_eq!(at("a: *nowhere\n"), (1, 4));
    assert_eq!(at("a: 1\n---\nb: 2\n").0, 3);
    assert_eq!(at("a: 1\nb: !ruby/object:X {}\n").0, 2);
    assert_eq!(at("a: \"open\n").0, 2);
}

#[test]
fn alias_bombs_and_deep_nesting_are_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let inner = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{inner}]").unwrap();
    }
    refusal(&bomb);
    refusal(&"[".repeat(100_000));
    refusal(&format!("a: {}1{}", "[".repeat(100), "]".repeat(100)));
    let mut steps = String::new();
    for depth in 0..1_000 {
        writeln!(steps, "{}a:", " ".repeat(depth)).unwrap();
    }
    refusal(&steps);
    refusal(&format!("a: [{}]", "x,".repeat(300_000)));
    refusal("a: &a [*a]\n");
}

#[test]
fn one_anchor_may_serve_many() {
    let mut text = "base: &b {p: 1}\n".to_owned();
    for index in 0..1_000 {
        writeln!(text, "s{index}: {{<<: *b, q: 2}}").unwrap();
    }
    assert!(parse(&text).is_ok());
}

#[test]
fn a_remark_may_be_long() {
    let remark = "  # a long remark\n".repeat(500);
    assert!(parse(&format!("{remark}a:\n{remark}- 1\n{remark}- {remark}  b: 2\n")).is_ok());
}
