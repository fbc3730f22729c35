use factor_types::{FactorGroup, Saved, SettledWeights};

use super::*;

fn ticker(text: &str) -> Ticker {
    text.parse().unwrap()
}

fn saved(weighting: GroupWeighting, settled: Option<&[(&str, f64)]>) -> SavedGroup {
    let what = FactorGroup {
        name: GroupName::read("Chips").unwrap(),
        description: "makers of chips".to_owned(),
        tickers: vec![ticker("NVDA"), ticker("AMD")],
        weighting,
    };
    let time = "2026-01-02T03:04:05Z".parse().unwrap();
    let weights = |members: &[(&str, f64)]| SettledWeights {
        weights: members.iter().map(|(name, weight)| (ticker(name), *weight)).collect(),
        as_of: "2026-01-02".parse().unwrap(),
        source: "sample".to_owned(),
    };
    SavedGroup { group: Saved { what, created_at: time, updated_at: time }, settled: settled.map(weights) }
}

fn universe(classes: &[(&str, AssetClass)]) -> FactorUniverse {
    FactorUniverse::new(classes.iter().map(|(name, class)| {
        let mut factor = Factor::new(ticker(name), *name, Category::Style, SourceTier::Yaml);
        factor.asset_class = Some(*class);
        factor
    }))
}

fn whole(saved: &[SavedGroup]) -> Listed<SavedGroup> {
    Listed { rows: saved.to_vec(), damaged: Vec::new() }
}

fn group(saved: &SavedGroup, universe: &FactorUniverse) -> UserGroup {
    UserGroups::new(UserId::new(1), &whole(std::slice::from_ref(saved)), universe).groups.remove(0)
}

#[test]
fn weights_are_those_settled_else_those_of_the_rule() {
    let members = |weighting, settled| group(&saved(weighting, settled), &universe(&[])).members;
    let both = |nvda, amd| Ok(vec![(ticker("NVDA"), nvda), (ticker("AMD"), amd)]);
    assert_eq!(members(GroupWeighting::Equal, None), both(1.0, 1.0));
    assert_eq!(members(GroupWeighting::Custom(vec![0.75, 0.25]), None), both(0.75, 0.25));
    let settled = [("AMD", 1.0)];
    assert_eq!(members(GroupWeighting::MarketCap, Some(&settled)), Ok(vec![(ticker("AMD"), 1.0)]));
    let why = members(GroupWeighting::MarketCap, None).unwrap_err();
    assert!(why.starts_with("the market-cap weights of USER:Chips were never settled"), "{why}");
}

#[test]
fn a_group_has_its_members_asset_class_where_they_share_one() {
    use AssetClass::{Bond, Commodity, Equity};
    let class = |classes: &[(&str, AssetClass)]| {
        group(&saved(GroupWeighting::Equal, None), &universe(classes)).factor.asset_class
    };
    assert_eq!(class(&[("NVDA", Bond), ("AMD", Bond)]), Some(Bond));
    assert_eq!(class(&[("NVDA", Commodity)]), Some(Commodity), "of the members that are known");
    assert_eq!(class(&[("NVDA", Bond), ("AMD", Commodity)]), Some(Equity));
    assert_eq!(class(&[]), Some(Equity));
}

#[test]
fn a_group_is_found_by_name_or_identifier_whatever_the_case() {
    let groups = UserGroups::new(UserId::new(1), &whole(&[saved(GroupWeighting::Equal, None)]), &universe(&[]));
    for name in ["Chips", "chips", "USER:chips"] {
        assert!(groups.find(name).is_some(), "{name}");
    }
    assert!(groups.find("Ships").is_none() && groups.find("").is_none());
}

#[test]
fn only_groups_that_take_part_become_columns_or_exclusions() {
    let settled = saved(GroupWeighting::Equal, None);
    let unsettled = saved(GroupWeighting::MarketCap, None);
    for (saved, columns, exclusions) in [(settled, 1, 0), (unsettled, 0, 1)] {
        let groups = UserGroups::new(UserId::new(1), &whole(&[saved]), &universe(&[]));
        let factors: Vec<Arc<Factor>> = groups.factors().cloned().collect();
        assert_eq!((groups.columns(&factors).len(), groups.without_weights(&factors).len()), (columns, exclusions));
        assert_eq!((groups.columns(&[]).len(), groups.without_weights(&[]).len()), (0, 0));
    }
}

#[test]
fn a_group_can_stand_for_another_category_in_a_calls_own_universe() {
    let chips = group(&saved(GroupWeighting::Equal, None), &universe(&[]));
    let taken = chips.taken_as(Some("Semis".to_owned()), Category::Industry, None);
    assert_eq!((taken.factor.label.as_str(), taken.factor.category), ("Semis", Category::Industry));
    assert_eq!(taken.factor.asset_class, chips.factor.asset_class);
    assert_eq!((&taken.factor.ticker, &taken.members), (&chips.factor.ticker, &chips.members));
}

#[test]
fn a_damaged_group_is_one_excluded_factor_with_its_reason() {
    let rows = vec![saved(GroupWeighting::Equal, None)];
    let damaged = vec!["My Mix".to_owned(), "\u{1}".to_owned()];
    let groups = UserGroups::new(UserId::new(1), &Listed { rows, damaged }, &universe(&[]));
    let factors: Vec<Arc<Factor>> = groups.factors().cloned().collect();
    let excluded = groups.without_weights(&factors);
    assert_eq!(excluded.iter().map(|one| one.ticker.as_str()).collect::<Vec<_>>(), ["USER:My_Mix"]);
    assert!(excluded[0].detail.contains("group `My Mix` is damaged"), "{}", excluded[0].detail);
    assert_eq!(groups.columns(&factors).iter().map(|one| one.ticker.as_str()).collect::<Vec<_>>(), ["USER:Chips"]);
}

#[test]
fn groups_beyond_the_room_are_left_out_by_age_and_named() {
    let aged = |number: usize, day: &str| {
        let mut kept = saved(GroupWeighting::Equal, None);
        kept.group.what.name = GroupName::read(&format!("g{number}")).unwrap();
        kept.group.updated_at = format!("2026-01-{day}T00:00:00Z").parse().unwrap();
        kept
    };
    let kept = [aged(1, "05"), aged(2, "01"), aged(3, "09"), aged(4, "02")];
    let groups = |room| UserGroups { room, ..UserGroups::new(UserId::new(1), &whole(&kept), &universe(&[])) }.fitting();
    let names = |groups: &UserGroups| groups.factors().map(|factor| factor.ticker.to_string()).collect::<Vec<_>>();
    let two = groups(Some(2));
    assert_eq!(names(&two), ["USER:g1", "USER:g3"]);
    let said = two.surplus.unwrap();
    assert!(said.starts_with("2 of your factor groups are left out") && said.contains("USER:g2, USER:g4"), "{said}");
    assert_eq!((names(&groups(Some(4))).len(), groups(Some(4)).surplus), (4, None));
    assert_eq!((names(&groups(None)).len(), groups(Some(0)).groups.len()), (4, 0));
}
