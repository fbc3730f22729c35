//! What holds of the page whatever is written into it.

use super::{
    answers::{Exposures, Held, Risk, Weights},
    html::{Html, Table},
};

fn page(write: impl FnOnce(&mut Html)) -> String {
    let mut page = Html::begin("t", false);
    write(&mut page);
    page.end()
}

#[test]
fn what_people_wrote_is_text() {
    let hostile = "</title><script>alert('1')</script>\"&\u{0}\u{202e}";
    let shown = "&lt;/title&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;  ";
    let table = Table { head: &["a", hostile], words: 2, rows: vec![vec![hostile.to_owned(), hostile.to_owned()]] };
    let written = page(|page| {
        page.element("h1", "", hostile);
        page.list(&[hostile.to_owned()]);
        page.section(hostile, |page| page.paragraph(hostile));
        page.table(hostile, &table);
    });
    assert!(!written.contains("<script") && !written.contains('\u{202e}') && !written.contains('\u{0}'), "{written}");
    assert_eq!(written.matches(shown).count(), 8, "{written}");
    assert!(Html::begin(hostile, false).end().contains(&format!("<title>{shown}</title>")));
}

#[test]
fn a_column_of_numbers_without_any_is_left_out_and_a_long_table_may_break() {
    let row = |a: &str, b: &str| vec![a.to_owned(), "-".to_owned(), b.to_owned()];
    let table = |rows| Table { head: &["name", "empty", "full"], words: 1, rows };
    let short = page(|page| page.table("c", &table(vec![row("x", "1"), row("y", "-")])));
    assert!(short.contains("<th class=\"n\">full</th>") && !short.contains("empty"), "{short}");
    assert!(!short.contains("class=\"long\""));
    let long = page(|page| page.table("c", &table(vec![row("x", "1"); 13])));
    assert!(long.contains("<table class=\"long\">"), "{long}");
    assert!(!page(|page| page.table("c", &table(Vec::new()))).contains("<table"));
}

#[test]
fn on_paper_simulated_prices_are_named_at_the_foot_of_each_page() {
    assert!(Html::begin("t", true).end().contains("<body class=\"simulated\">"));
    assert!(Html::begin("t", false).end().contains("<body>"));
}

#[test]
fn the_heaviest_holding_is_the_first_of_those_that_weigh_most_and_no_cash() {
    let held = |ticker: &str, weight| Held {
        ticker: ticker.to_owned(),
        weight,
        industry: String::new(),
        asset_class: String::new(),
    };
    let of = |holdings| Exposures {
        portfolio_name: None,
        holdings,
        normalisation: String::new(),
        by_asset_class: indexmap::IndexMap::new(),
        by_industry: indexmap::IndexMap::new(),
        risk: serde_json::from_str::<Risk>("{\"observations\": 0}").unwrap(),
        weights: Weights { net: 1.0, gross: 1.0, cash: 0.0, unexplained: 0.0 },
        calendar_years: Vec::new(),
    };
    let heaviest = |holdings| of(holdings).heaviest().map(|held| held.ticker.clone());
    assert_eq!(heaviest(vec![held("CUR:USD", 0.6), held("A", 0.2), held("B", 0.2)]).as_deref(), Some("A"));
    assert_eq!(heaviest(vec![held("A", -0.9), held("B", 0.1)]).as_deref(), Some("B"));
    assert_eq!(heaviest(vec![held("CUR:USD", 1.0)]), None);
    let shown = of(vec![held("B", 0.1), held("A", -0.9), held("C", -0.1)]);
    assert_eq!(shown.by_weight().iter().map(|held| held.ticker.as_str()).collect::<Vec<_>>(), ["A", "B", "C"]);
}
