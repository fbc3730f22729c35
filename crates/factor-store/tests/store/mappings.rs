//! Reference data: edits, what they import first, and what is reported of them.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{SubsecRound as _, Utc};
use factor_store::{
    BuiltinSource, DatabaseRows, IndustryEdit, MappingEdit, MappingKind, MappingSource as _, ProxyRow, RowFate,
    YamlSource, load_from, read_mappings, write_mapping,
};
use factor_types::{Category, SourceTier};

use crate::support::{Place, author, on_both, refusal, ticker};

on_both!(
    edits_keep_what_they_do_not_touch,
    yaml_to_the_database_and_back_is_the_same_mapping,
    two_editors_at_once_lose_nothing,
);

fn shipped(kind: MappingKind) -> Vec<ProxyRow> {
    YamlSource::default().rows(kind).unwrap()
}

fn industry(name: &str, etf: &str) -> MappingEdit {
    MappingEdit::Industry(IndustryEdit {
        industry: name.into(),
        etf: ticker(etf),
        asset_class: None,
        sector_group: None,
        subindustry: None,
        notes: None,
    })
}

fn bond(key: &str, etf: &str, canonical: bool) -> ProxyRow {
    ProxyRow { canonical, ..ProxyRow::new(Category::FixedIncome, key, ticker(etf)) }
}

async fn edits_keep_what_they_do_not_touch(place: &Place) {
    let (kind, store) = (MappingKind::Industries, &place.admin);
    let below = shipped(kind);
    let first = store.mapping_revision().await.unwrap();
    let edit = industry("Space", "UFO");

    // A dry run tells the same and leaves no trace.
    let report = store.edit_mapping(kind, &edit, &below, &author(), true).await.unwrap();
    assert_eq!((report.imported, report.count(RowFate::Added)), (below.len(), 1));
    assert_eq!(store.mapping(kind).await.unwrap(), []);
    assert_eq!(store.recorded_changes(10).await.unwrap(), []);
    assert_eq!(store.mapping_revision().await.unwrap(), first);

    // The first row brings the tier below with it.
    assert_eq!(store.edit_mapping(kind, &edit, &below, &author(), false).await.unwrap(), report);
    let rows = store.mapping(kind).await.unwrap();
    assert_eq!(rows[..below.len()], below);
    assert_eq!(rows[below.len()..], [ProxyRow::new(Category::Industry, "Space", ticker("UFO"))]);
    let second = place.server.mapping_revision().await.unwrap();
    assert_ne!(second, first);
    assert_eq!(place.server.mapping(kind).await.unwrap(), rows);

    // Nothing new: nothing recorded, no new revision.
    let again = store.edit_mapping(kind, &edit, &below, &author(), false).await.unwrap();
    assert_eq!((again.imported, again.count(RowFate::Unchanged)), (0, 1));
    assert_eq!(store.mapping_revision().await.unwrap(), second);
    let what =
        |changes: Vec<factor_store::RecordedChange>| changes.into_iter().map(|change| change.what).collect::<Vec<_>>();
    let imported = format!("{} rows of the tier below imported first", below.len());
    assert_eq!(what(store.recorded_changes(10).await.unwrap()), ["industry Space UFO: added", &imported]);

    // A canonical ETF makes the one before an alternate; a refused edit changes nothing.
    let assets = MappingKind::AssetProxies;
    let edit = MappingEdit::Upsert(vec![bond("UST10Y", "VGIT", true)]);
    let report = store.edit_mapping(assets, &edit, &shipped(assets), &author(), false).await.unwrap();
    assert_eq!((report.count(RowFate::Added), report.count(RowFate::Updated)), (1, 1));
    let of_key = |rows: &[ProxyRow]| {
        let of_key = rows.iter().filter(|row| row.key == "UST10Y");
        of_key.map(|row| (row.etf.as_str().to_owned(), row.canonical)).collect::<Vec<_>>()
    };
    let rows = store.mapping(assets).await.unwrap();
    assert_eq!(of_key(&rows), [("VGIT".into(), true), ("IEF".into(), false)]);
    let swap = MappingEdit::Replace {
        category: Category::FixedIncome,
        key: "UST10Y".into(),
        old: ticker("VGIT"),
        new: ticker("IEF"),
    };
    store.edit_mapping(assets, &swap, &[], &author(), false).await.unwrap();
    let rows = store.mapping(assets).await.unwrap();
    assert_eq!(of_key(&rows), [("IEF".into(), true)]);
    let two = MappingEdit::Upsert(vec![bond("x", "A", true), bond("x", "B", true)]);
    assert!(refusal(store.edit_mapping(assets, &two, &[], &author(), false).await).contains("two canonical"));
    let wrong = refusal(store.edit_mapping(kind, &two, &[], &author(), false).await);
    assert_eq!(wrong, "fixed_income is no category of industries");
    assert_eq!(store.mapping(assets).await.unwrap(), rows);
    let newest = store.recorded_changes(2).await.unwrap();
    assert_eq!((newest[0].kind, &newest[0].author), (assets, &author()));
    assert_eq!(
        what(newest),
        ["fixed_income UST10Y IEF: updated", "fixed_income UST10Y VGIT: removed"],
        "the newest first"
    );

    // That prices were seen is no change of the mapping, and stays with its ETF.
    let revision = store.mapping_revision().await.unwrap();
    let at = Utc::now().trunc_subsecs(3);
    store.mark_verified(&[ticker("XLK"), ticker("IEF"), ticker("SPY")], at).await.unwrap();
    assert_eq!(store.verified().await.unwrap(), [(ticker("IEF"), at), (ticker("XLK"), at)]);
    assert_eq!(store.mapping_revision().await.unwrap(), revision);
    store.edit_mapping(kind, &industry("Rockets", "ROKT"), &[], &author(), false).await.unwrap();
    assert_eq!(store.verified().await.unwrap().len(), 2);

    // Rows changed by other means count too.
    let revision = store.mapping_revision().await.unwrap();
    place.sql("UPDATE industry_proxies SET description = 'by hand' WHERE industry = 'Space'").await;
    assert_ne!(store.mapping_revision().await.unwrap(), revision);
}

async fn yaml_to_the_database_and_back_is_the_same_mapping(place: &Place) {
    for kind in MappingKind::ALL {
        let sync = MappingEdit::Upsert(shipped(kind));
        let report = place.admin.edit_mapping(kind, &sync, &[], &author(), false).await.unwrap();
        assert_eq!(report.count(RowFate::Added), shipped(kind).len());
        let rows = place.server.mapping(kind).await.unwrap();
        assert_eq!(rows, shipped(kind));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(kind.file_name()), write_mapping(kind, &rows)).unwrap();
        assert_eq!(YamlSource::new(Some(folder.path())).rows(kind).unwrap(), rows);
    }

    let database = read_mappings(&*place.server).await;
    let loaded = load_from(&[&database, &YamlSource::default(), &BuiltinSource]);
    assert_eq!(loaded.tiers.values().copied().collect::<BTreeSet<_>>(), BTreeSet::from([SourceTier::Database]));
    assert_eq!(loaded.problems, Vec::<String>::new());

    // A category whose last row goes leaves its kind to the tier below.
    for category in [Category::Style, Category::Market] {
        let clear = MappingEdit::Clear(category);
        place.admin.edit_mapping(MappingKind::StyleAndMarket, &clear, &[], &author(), false).await.unwrap();
    }
    let database = read_mappings(&*place.server).await;
    let loaded = load_from(&[&database, &YamlSource::default(), &BuiltinSource]);
    assert_eq!(loaded.tiers[&MappingKind::StyleAndMarket], SourceTier::Yaml);

    // A row that cannot be read costs its kind alone; a store that is gone is said once.
    place.sql("UPDATE industry_proxies SET proxy_etf = 'no ticker!' WHERE industry = 'Gold'").await;
    let database = read_mappings(&*place.server).await;
    let loaded = load_from(&[&database, &YamlSource::default(), &BuiltinSource]);
    assert_eq!(loaded.tiers[&MappingKind::Industries], SourceTier::Yaml);
    assert_eq!(loaded.tiers[&MappingKind::AssetProxies], SourceTier::Database);
    assert_eq!(loaded.problems.len(), 1, "{:?}", loaded.problems);
    assert!(loaded.problems[0].contains("`no ticker!` is not a ticker"), "{}", loaded.problems[0]);
    place.server.close().await;
    let database: DatabaseRows = read_mappings(&*place.server).await;
    let loaded = load_from(&[&database, &YamlSource::default(), &BuiltinSource]);
    assert_eq!(loaded.tiers.values().copied().collect::<BTreeSet<_>>(), BTreeSet::from([SourceTier::Yaml]));
    assert_eq!(loaded.problems.len(), 1, "{:?}", loaded.problems);
}

async fn two_editors_at_once_lose_nothing(place: &Place) {
    let kind = MappingKind::Industries;
    let below = Arc::new(shipped(kind));
    let editors: Vec<_> = (0..2)
        .map(|editor| {
            let (store, below) = (Arc::clone(&place.admin), Arc::clone(&below));
            tokio::spawn(async move {
                for number in 0..10 {
                    let edit = industry(&format!("New {editor} {number}"), "UFO");
                    store.edit_mapping(kind, &edit, &below, &author(), false).await.unwrap();
                }
            })
        })
        .collect();
    for editor in editors {
        editor.await.unwrap();
    }
    let rows = place.admin.mapping(kind).await.unwrap();
    let keys: BTreeSet<&str> = rows.iter().map(|row| row.key.as_str()).collect();
    assert_eq!((rows.len(), keys.len()), (below.len() + 20, below.len() + 20));
    // 20 additions, and one import.
    assert_eq!(place.admin.recorded_changes(1_000).await.unwrap().len(), 21);
}
