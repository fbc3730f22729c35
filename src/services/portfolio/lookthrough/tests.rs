use factor_types::SourceTier;

use super::*;
use crate::analysis::UserGroup;

fn ticker(text: &str) -> Ticker {
    text.parse().unwrap()
}

fn universe() -> FactorUniverse {
    let factor = |name: &str, label: &str, category| Factor::new(ticker(name), label, category, SourceTier::Yaml);
    let mut xlk = factor("XLK", "Information Technology Services", Category::Industry);
    xlk.aliases = vec!["Consumer Electronics".to_owned()];
    xlk.sector_group = Some("sensitive".to_owned());
    FactorUniverse::new([xlk, factor("TLT", "UST30Y", Category::FixedIncome)])
}

fn profile(is_fund: bool, industry: Option<&str>) -> Result<Arc<SecurityProfile>, String> {
    let industry = industry.map(str::to_owned);
    Ok(Arc::new(SecurityProfile { name: None, industry, sector: None, is_fund, market_cap: None }))
}

fn classifications() -> Classifications {
    let held = [
        ("AAPL", 0.2),
        ("XLK", 0.1),
        ("TLT", 0.3),
        ("BITX", 0.05),
        ("SHIP", 0.05),
        ("ZZZ", 0.1),
        ("CUR:USD", 0.25),
        ("CUR:EUR", -0.05),
    ];
    let weights: IndexMap<Ticker, f64> = held.into_iter().map(|(name, weight)| (ticker(name), weight)).collect();
    let universe = universe();
    let names: Vec<String> = strangers(weights.keys(), &[&universe]).iter().map(Ticker::to_string).collect();
    assert_eq!(names, ["AAPL", "BITX", "SHIP", "ZZZ"], "only these are asked for");
    let profiles = HashMap::from([
        (ticker("AAPL"), profile(false, Some("consumer electronics"))),
        (ticker("BITX"), profile(true, None)),
        (ticker("SHIP"), profile(false, Some("Marine Shipping"))),
        (ticker("ZZZ"), Err("ZZZ is not known".to_owned())),
    ]);
    Classifications::by_profiles(&weights, (&[&universe], &UserGroups::default()), profiles)
}

#[test]
fn shares_stand_for_their_industry_and_funds_for_their_category() {
    let all = classifications();
    let words = |name: &str| {
        let one = all.each.iter().find(|one| one.ticker.as_str() == name).unwrap();
        let factor = one.factor.as_ref().map_or("", Ticker::as_str);
        (one.industry.as_str(), one.sector_group.as_str(), one.asset_class.as_str(), factor)
    };
    assert_eq!(words("AAPL"), ("consumer electronics", "sensitive", "equity", "XLK"));
    assert_eq!(words("XLK"), ("Information Technology Services", "sensitive", "equity", "XLK"));
    assert_eq!(words("TLT"), ("fixed_income", "fixed_income", "bond", "TLT"));
    assert_eq!(words("BITX"), ("other funds", "unclassified", "unclassified", ""));
    assert_eq!(words("SHIP"), ("Marine Shipping", "unclassified", "equity", ""));
    assert_eq!(words("ZZZ"), ("unclassified", "unclassified", "unclassified", ""));
    assert_eq!((words("CUR:USD").0, words("CUR:EUR").0), ("cash", "currency"));
}

#[test]
fn shares_stand_for_industries_alone() {
    let weights = IndexMap::from([(ticker("BILL"), 1.0)]);
    let profiles = HashMap::from([(ticker("BILL"), profile(false, Some("UST30Y")))]);
    let all = Classifications::by_profiles(&weights, (&[&universe()], &UserGroups::default()), profiles);
    assert_eq!((all.each[0].factor.as_ref(), all.each[0].industry.as_str()), (None, "UST30Y"));
    assert!(
        all.warnings(&IndexMap::new(), |_| 0.0)[0].to_string().ends_with("of an industry that no factor stands for")
    );
}

#[test]
fn weight_in_a_factor_is_that_of_its_etf_and_of_its_shares() {
    let all = classifications();
    let xlk = [ticker("XLK")];
    assert!((all.weight_in(&xlk) - 0.3).abs() < 1e-12);
    assert!(all.looked_through(&xlk) && !all.looked_through(&[ticker("TLT")]));
    let classes = all.by(|one| &one.asset_class);
    assert!((classes["equity"] - 0.35).abs() < 1e-12 && (classes.values().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(classes.values().collect::<Vec<_>>().windows(2).all(|two| two[0] >= two[1]), "heaviest first");
}

#[test]
fn what_is_not_known_is_said_once() {
    let all = classifications();
    let said = |missing: &IndexMap<Reason, Vec<Ticker>>| {
        all.warnings(missing, |_| 0.0).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let open = [
        "BITX is under other funds: the profile of a fund does not say what it holds",
        "SHIP is of an industry that no factor stands for",
    ];
    let unknown = "ZZZ is in no industry or category, for want of a profile (it is not known)";
    assert_eq!(said(&IndexMap::new()), [unknown, open[0], open[1]]);
    let zzz = ticker("ZZZ");
    let missing = IndexMap::from([(Reason::of(&zzz, "no prices"), vec![zzz])]);
    assert_eq!(said(&missing), ["ZZZ is unexplained weight: no prices", open[0], open[1]]);
}

#[test]
fn other_weights_leave_what_holdings_stand_for() {
    let after = classifications().weighing(&IndexMap::from([
        (ticker("AAPL"), 0.5),
        (ticker("TLT"), 0.5),
        (ticker("NEW"), 1.0),
    ]));
    assert_eq!(
        after.by(|one| &one.asset_class),
        IndexMap::from([("bond".to_owned(), 0.5), ("equity".to_owned(), 0.5)])
    );
    assert!((after.weight_in(&[ticker("XLK")]) - 0.5).abs() < 1e-12);
}

#[test]
fn a_group_is_looked_through_and_stays_one_holding() {
    use factor_types::GroupName;
    let name: GroupName = "Mix".parse().unwrap();
    let mut factor = Factor::new(Ticker::of_group(&name), "Mix", Category::User, SourceTier::Database);
    factor.asset_class = Some(AssetClass::Equity);
    let members = vec![(ticker("AAPL"), 3.0), (ticker("TLT"), 1.0)];
    let group = UserGroup { factor: Arc::new(factor), members: Ok(members) };
    let groups = UserGroups { groups: vec![group], ..UserGroups::default() };
    let weights = IndexMap::from([(Ticker::of_group(&name), 0.4), (ticker("XLK"), 0.6)]);
    let universe = universe();
    let asked = strangers(weights.keys().chain(super::members(&weights, &groups)), &[&universe]);
    assert_eq!(asked, [ticker("AAPL")], "a group has no profile, and its members may have");
    let profiles = HashMap::from([(ticker("AAPL"), profile(false, Some("consumer electronics")))]);
    let all = Classifications::by_profiles(&weights, (&[&universe], &groups), profiles);
    assert_eq!(all.each.len(), 2);
    // 0.4 of it are 0.3 of shares and 0.1 of bonds.
    let sums = all.by(|one| &one.industry);
    let wanted = [("Information Technology Services", 0.6), ("consumer electronics", 0.3), ("fixed_income", 0.1)];
    assert_eq!(sums.len(), wanted.len());
    assert!(wanted.iter().all(|(name, weight)| (sums[*name] - weight).abs() < 1e-12), "{sums:?}");
    assert!((all.weight_in(&[ticker("XLK")]) - 0.9).abs() < 1e-12 && all.looked_through(&[ticker("XLK")]));
    assert!((all.weight_in(&[Ticker::of_group(&name)]) - 0.4).abs() < 1e-12);
    // What is both, the group and its member, is counted once.
    assert!((all.weight_in(&[Ticker::of_group(&name), ticker("TLT")]) - 0.4).abs() < 1e-12);
}
