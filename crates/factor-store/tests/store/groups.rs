//! Groups and portfolios: what is kept is what was meant.

use factor_store::{Deleted, Expected, RowKind, StoreError, WriteOutcome};
use factor_types::{FactorGroup, GroupWeighting, UserId};

use crate::support::{
    Place, custom, equal, made_new, name, names, on_both, portfolio, recent, refusal, settled, ticker,
};

on_both!(
    groups_are_kept_found_changed_and_deleted,
    portfolios_are_kept_replaced_and_deleted,
    what_was_changed_meanwhile_is_not_written_over
);

async fn groups_are_kept_found_changed_and_deleted(place: &Place) {
    let (store, user) = (&place.server, place.user().await);

    // To the bit, weights that no short decimal is included.
    let made = made_new(store.create_group(user, &custom("My Tech"), Some(&settled())).await.unwrap());
    assert_eq!((recent(made.group.clone()), made.settled.clone()), (custom("My Tech"), Some(settled())));
    assert_eq!(store.groups(user).await.unwrap().rows, std::slice::from_ref(&made));

    // One name, whatever its spelling.
    for spelling in ["my_tech", "MY TECH", "My Tech"] {
        assert_eq!(store.group(user, &name(spelling)).await.unwrap().as_ref(), Some(&made), "{spelling}");
    }
    assert_eq!(store.group(user, &name("My-Tech")).await.unwrap(), None);

    // The same content is the same group, whatever the order of its members; other content is a conflict.
    let mut turned = custom("My Tech");
    turned.tickers.reverse();
    if let GroupWeighting::Custom(weights) = &mut turned.weighting {
        weights.reverse();
    }
    assert_eq!(store.create_group(user, &turned, None).await.unwrap(), WriteOutcome::Unchanged(made.clone()));
    let other = equal("my_tech", &["XLK", "SMH"]);
    assert_eq!(store.create_group(user, &other, None).await.unwrap(), WriteOutcome::Conflict(made.clone()));
    assert_eq!(store.groups(user).await.unwrap().rows, std::slice::from_ref(&made));

    // Others see nothing of it, and may have the name.
    let stranger = place.user().await;
    assert_eq!(store.groups(stranger).await.unwrap().rows, []);
    assert_eq!(store.update_group(stranger, &name("My Tech"), &other, None).await.unwrap(), None);
    assert_eq!(store.delete_group(stranger, &name("My Tech")).await.unwrap(), None);
    made_new(store.create_group(stranger, &other, None).await.unwrap());
    assert_eq!(store.group(user, &name("My Tech")).await.unwrap(), Some(made.clone()));

    // Changed in place, and renamed, but not onto another.
    let changed = FactorGroup { weighting: GroupWeighting::MarketCap, ..equal("MY_TECH", &["SMH", "XLK"]) };
    let now = made_new(store.update_group(user, &name("my tech"), &changed, None).await.unwrap().unwrap());
    assert_eq!((now.group.what.clone(), now.settled.clone()), (changed.clone(), None));
    assert_eq!(now.group.created_at, made.group.created_at);
    assert!(now.group.updated_at > made.group.updated_at);
    let same = store.update_group(user, &name("my tech"), &changed, None).await.unwrap();
    assert_eq!(same, Some(WriteOutcome::Unchanged(now.clone())));
    let banks = made_new(store.create_group(user, &equal("Banks", &["KRE", "KBWB"]), None).await.unwrap());
    let onto = store.update_group(user, &name("my tech"), &equal("BANKS", &["A", "B"]), None).await.unwrap();
    assert_eq!(onto, Some(WriteOutcome::Conflict(banks)));
    let renamed = FactorGroup { name: name("Chips"), ..changed };
    made_new(store.update_group(user, &name("My Tech"), &renamed, None).await.unwrap().unwrap());
    assert_eq!(names(&store.groups(user).await.unwrap().rows), ["Banks", "Chips"]);
    assert_eq!(store.update_group(user, &name("My Tech"), &renamed, None).await.unwrap(), None);

    // What is deleted is given back.
    let gone = store.delete_group(user, &name("chips")).await.unwrap().unwrap();
    let Deleted::Whole(gone) = gone else { panic!("it was whole") };
    assert_eq!(gone.group.what, renamed);
    assert_eq!(store.delete_group(user, &name("chips")).await.unwrap(), None);
    assert_eq!(names(&store.groups(stranger).await.unwrap().rows), ["my_tech"]);

    // What cannot be kept is refused with its reason, and nothing of it is there.
    let weights = |weights: &[f64]| FactorGroup {
        weighting: GroupWeighting::Custom(weights.to_vec()),
        ..equal("Odd", &["KRE", "KBWB"])
    };
    let refused = refusal(store.create_group(user, &weights(&[0.5, f64::NAN]), None).await);
    assert_eq!(refused, "the weight of KBWB is no finite number: NaN");
    let refused = refusal(store.create_group(user, &weights(&[1.0]), None).await);
    assert!(refused.starts_with("1 weights for 2 tickers"), "{refused}");
    let nul = FactorGroup { description: "a\0b".into(), ..equal("Odd", &["A", "B"]) };
    assert!(refusal(store.create_group(user, &nul, None).await).contains("NUL"));
    // A user who is not there has no groups.
    assert!(store.create_group(UserId::new(9_999), &equal("Odd", &["A", "B"]), None).await.is_err());
    assert_eq!(names(&store.groups(user).await.unwrap().rows), ["Banks"]);
}

async fn portfolios_are_kept_replaced_and_deleted(place: &Place) {
    let (store, user, stranger) = (&place.server, place.user().await, place.user().await);
    let (first, before) = store.save_portfolio(user, &portfolio("CURRENT_PORTFOLIO", 0.1 + 0.2)).await.unwrap();
    assert_eq!((recent(first.clone()), before), (portfolio("CURRENT_PORTFOLIO", 0.1 + 0.2), None));
    let (second, before) = store.save_portfolio(user, &portfolio("current portfolio", -7.5)).await.unwrap();
    assert_eq!((second.what.clone(), before), (portfolio("current portfolio", -7.5), Some(first.clone())));
    assert_eq!(second.created_at, first.created_at);
    assert!(second.updated_at > first.updated_at);
    store.save_portfolio(user, &portfolio("Autumn", 1.0)).await.unwrap();
    let all = store.portfolios(user).await.unwrap().rows;
    assert_eq!(all.iter().map(|kept| kept.what.name.as_str()).collect::<Vec<_>>(), ["Autumn", "current portfolio"]);
    assert_eq!(store.portfolio(user, &name("Current_Portfolio")).await.unwrap().as_ref(), Some(&second));

    assert_eq!(store.portfolios(stranger).await.unwrap().rows, []);
    assert_eq!(store.portfolio(stranger, &name("Autumn")).await.unwrap(), None);
    assert_eq!(store.delete_portfolio(stranger, &name("Autumn")).await.unwrap(), None);

    let mut odd = portfolio("Odd", 1.0);
    odd.holdings[2].amount = factor_types::Amount::Weight(f64::INFINITY);
    assert_eq!(refusal(store.save_portfolio(user, &odd).await), "the weight of AGG is no finite number: inf");
    assert_eq!(odd.holdings[2].ticker, ticker("AGG"));
    assert_eq!(store.delete_portfolio(user, &name("CURRENT_PORTFOLIO")).await.unwrap(), Some(Deleted::Whole(second)));
    assert_eq!(store.portfolios(user).await.unwrap().rows.len(), 1);
}

async fn what_was_changed_meanwhile_is_not_written_over(place: &Place) {
    let (store, user) = (&place.server, place.user().await);
    let changed = |kind, name: &str| StoreError::Changed { kind, name: name.to_owned() };
    let seen = made_new(store.create_group(user, &equal("Banks", &["KRE", "KBWB"]), None).await.unwrap());
    let update = async |members: &[&str], before: Expected<'_, _>| {
        store.update_group_if(user, (&name("banks"), before), &equal("Banks", members), None).await
    };
    let now = made_new(update(&["KRE", "IAT"], Expected::This(&seen)).await.unwrap().unwrap());
    let late = update(&["KRE", "XLF"], Expected::This(&seen)).await;
    assert_eq!(late.unwrap_err(), changed(RowKind::Group, "banks"));
    assert!(update(&["KRE", "XLF"], Expected::Nothing).await.is_err());
    assert_eq!(store.group(user, &name("Banks")).await.unwrap().as_ref(), Some(&now));
    assert!(update(&["KRE", "XLF"], Expected::Anything).await.is_ok());

    let save = async |shares: f64, before: Expected<'_, _>| {
        Ok::<_, StoreError>(store.save_portfolio_if(user, &portfolio("Mine", shares), before).await?.0)
    };
    let first = save(1.0, Expected::Nothing).await.unwrap();
    assert_eq!(save(2.0, Expected::Nothing).await.unwrap_err(), changed(RowKind::Portfolio, "Mine"));
    let second = save(2.0, Expected::This(&first)).await.unwrap();
    assert!(save(3.0, Expected::This(&first)).await.is_err());
    assert_eq!(store.portfolio(user, &name("Mine")).await.unwrap(), Some(second.clone()));
    store.delete_portfolio(user, &name("Mine")).await.unwrap();
    assert!(save(3.0, Expected::This(&second)).await.is_err(), "what is gone is not what was seen");
    assert_eq!(store.portfolio(user, &name("Mine")).await.unwrap(), None);

    // Of many who saw the same one writes.
    let seen = save(1.0, Expected::Nothing).await.unwrap();
    let all = (0..8).map(|at| save(10.0 + f64::from(at), Expected::This(&seen)));
    let written = futures::future::join_all(all).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(written, 1);
}
