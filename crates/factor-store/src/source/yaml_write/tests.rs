use chrono::NaiveDate;
use factor_types::{AssetClass, Ticker};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;
use crate::{
    MappingSource as _, YamlSource,
    mapping::edit::{MappingEdit, fitting},
    source::yaml_forms,
};

fn read(kind: MappingKind, text: &str) -> Vec<ProxyRow> {
    yaml_forms::rows(kind, text.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal:?}\n{text}"))
}

#[test]
fn the_shipped_files_come_back_as_they_were_read() {
    for kind in MappingKind::ALL {
        let shipped = YamlSource::default().rows(kind).unwrap();
        assert_eq!(read(kind, &write_mapping(kind, &shipped)), shipped);
    }
}

#[test]
fn the_form_is_that_of_the_shipped_files() {
    let text = r#"asset_classes:
  fixed_income:
    canonical:
      UST10Y: {etf: IEF, inception: "2002-07", description: "7 to 10 years: \"belly\""}
    alternates:
      UST10Y: [{etf: SCHR, priority: 5, active: false}, VGIT]
  crypto:
    canonical:
      "on": "TRUE"
"#;
    assert_eq!(write_mapping(MappingKind::AssetProxies, &read(MappingKind::AssetProxies, text)), text);
    let text = "industry_to_etf:
  \"Oil & Gas\": {proxy: XLE, group: sensitive, asset_class: equity, subindustry: Majors}
  Gold: \"0700.HK\"
";
    assert_eq!(write_mapping(MappingKind::Industries, &read(MappingKind::Industries, text)), text);
}

#[test]
fn the_flat_form_is_written_in_the_first_form() {
    let rows = read(MappingKind::AssetProxies, "asset_etf_proxies: {cash: {USD: SGOV}}");
    let text = write_mapping(MappingKind::AssetProxies, &rows);
    assert_eq!(text, "asset_classes:\n  cash:\n    canonical:\n      USD: SGOV\n");
}

fn any_name(longest: usize) -> impl Strategy<Value = String> {
    let odd =
        select(vec!["null", "~", "1e5", "- a", "a: b", "#", "{x}", "[", "&a", "*a", "!t", "<<", "007", ".nan", "é🦀"]);
    let any =
        proptest::string::string_regex(&format!("[^\\pC\\s]([^\\pC\\n]{{0,{}}}[^\\pC\\s])?", longest - 2)).unwrap();
    prop_oneof![4 => any, 1 => odd.prop_map(str::to_owned), 2 => "[A-Za-z_]{1,12}"]
        .prop_filter("a name", move |name| crate::mapping::rules::check_text(name, longest).is_ok())
}

fn any_ticker() -> impl Strategy<Value = Ticker> {
    prop_oneof!["[A-Z]{1,5}", "[A-Z0-9]{1,4}[.-][A-Z]{1,2}", "CUR:[A-Z]{3}", "ON|NO|NULL|TRUE|Y|1E5|007|NAN|0X1F"]
        .prop_map(|text| text.parse().unwrap())
}

fn any_row(kind: MappingKind) -> impl Strategy<Value = ProxyRow> {
    let categories: Vec<Category> =
        Category::ALL.into_iter().filter(|category| MappingKind::of(*category) == Some(kind)).collect();
    let industrial = kind == MappingKind::Industries;
    let month = (1980..2030_i32, 1..=12_u32).prop_map(|(year, month)| NaiveDate::from_ymd_opt(year, month, 1).unwrap());
    let said = (
        option::of(any::<u32>()),
        any::<bool>(),
        option::of(month),
        option::of(any_name(500)),
        option::of(any_name(500)),
    );
    let of_industry =
        (option::of(select(AssetClass::ALL.to_vec())), option::of(any_name(100)), option::of(any_name(100)));
    let key = prop_oneof![select(vec!["a", "b", "c"]).prop_map(str::to_owned), any_name(100)];
    (select(categories), key, any_ticker(), any::<bool>(), said, of_industry).prop_map(
        move |(
            category,
            key,
            etf,
            canonical,
            (priority, active, inception, description, notes),
            (class, group, finer),
        )| {
            ProxyRow {
                canonical,
                priority,
                active,
                inception,
                description,
                notes,
                asset_class: class.filter(|_| industrial),
                sector_group: group.filter(|_| industrial),
                subindustry: finer.filter(|_| industrial),
                ..ProxyRow::new(category, key, etf)
            }
        },
    )
}

fn any_mapping() -> impl Strategy<Value = (MappingKind, Vec<ProxyRow>)> {
    select(MappingKind::ALL.to_vec()).prop_flat_map(|kind| vec(any_row(kind), 1..20).prop_map(move |rows| (kind, rows)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_an_edit_leaves_is_written_and_read_back((kind, given) in any_mapping()) {
        // One edit per row: none can be refused for its neighbours.
        let mut rows = Vec::new();
        for row in given {
            rows = MappingEdit::Upsert(vec![row]).apply(&rows).unwrap().0;
        }
        prop_assert_eq!(&fitting(&rows).unwrap(), &rows);
        let text = write_mapping(kind, &rows);
        let back = read(kind, &text);
        prop_assert_eq!(&back, &rows);
        prop_assert_eq!(write_mapping(kind, &back), text);
    }
}
