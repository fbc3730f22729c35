use super::*;

const DAYS_IN_ALL: usize = 400;

/// Yields that move by up to nine hundredths a day around 4, each maturity with its neighbours, with `change` made to UST5Y.
fn table(change: impl Fn(usize, f64) -> f64) -> YieldTable {
    let mut table = YieldTable::default();
    let of_step = |step: usize| (step * 7919 % 19) as f64 / 100.0 - 0.09;
    for (at, maturity) in Maturity::ALL.into_iter().enumerate() {
        let days = NaiveDate::from_ymd_opt(2023, 1, 2).unwrap().iter_days();
        let rows = days.take(DAYS_IN_ALL).enumerate().map(|(day, date)| {
            // Each follows the maturity before it in part, so that neighbours are the most alike.
            let own: f64 = (0..=at).map(|part| of_step(day * 31 + 997 * part)).sum();
            let value = ((400.0 + 100.0 * own).round()) / 100.0;
            (date, if maturity == Maturity::Ust5Y { change(day, value) } else { value })
        });
        table.insert(maturity, rows.collect::<Vec<_>>());
    }
    table
}

fn kinds(table: &YieldTable) -> Vec<(OddKind, Maturity)> {
    odd_yields(table).iter().map(|one| (one.kind, one.maturity)).collect()
}

fn day(at: usize) -> NaiveDate {
    NaiveDate::from_ymd_opt(2023, 1, 2).unwrap() + chrono::Days::new(at as u64)
}

#[test]
fn days_that_are_off_are_left_out() {
    assert_eq!(kinds(&table(|_, value| value)), []);
    let of_day = |change: fn(f64) -> f64| table(move |at, value| if at == 200 { change(value) } else { value });
    let wrong: [fn(f64) -> f64; 5] =
        [|value| 10.0 * value, |value| value / 10.0, |_| 0.0, |value| -value, |value| value + 1.5];
    for change in wrong {
        let table = of_day(change);
        let found = odd_yields(&table);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].kind, found[0].since, found[0].until), (OddKind::BadDays, day(200), day(200)));
        let usable = usable_yields(&table, &found);
        assert_eq!(usable.get(Maturity::Ust5Y).len(), DAYS_IN_ALL - 1);
        assert_eq!(usable.get(Maturity::Ust2Y), table.get(Maturity::Ust2Y));
    }
    assert_eq!(kinds(&of_day(|value| value + 0.5)), [], "half a point may be");
    for (first, last) in [(200, 204), (0, 1), (DAYS_IN_ALL - 3, DAYS_IN_ALL - 1)] {
        let table = table(|at, value| if (first..=last).contains(&at) { 100.0 * value } else { value });
        let found = odd_yields(&table);
        assert_eq!(found.len(), 1, "{first}: {found:?}");
        assert_eq!((found[0].kind, found[0].since, found[0].until), (OddKind::BadDays, day(first), day(last)));
        let usable = usable_yields(&table, &found);
        assert_eq!(usable.get(Maturity::Ust5Y).len(), DAYS_IN_ALL - 1 - (last - first));
    }
}

#[test]
fn a_unit_that_changes_inside_refuses_the_column() {
    for (from, scale) in [(300, 100.0), (150, 0.01), (DAYS_IN_ALL - 20, 100.0)] {
        let table = table(|at, value| if at >= from { scale * value } else { value });
        let found = odd_yields(&table);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].kind, found[0].since), (OddKind::UnitChange, day(from)));
        assert!((found[0].value / found[0].before / scale - 1.0).abs() < 0.1, "{found:?}");
        assert!(usable_yields(&table, &found).get(Maturity::Ust5Y).is_empty());
    }
}

#[test]
fn a_step_of_one_maturity_alone_is_said_and_one_of_all_is_not() {
    let found = odd_yields(&table(|at, value| if at >= 200 { value + 2.0 } else { value }));
    assert_eq!((found.len(), found[0].kind, found[0].since), (1, OddKind::Level, day(200)));
    let mut all = YieldTable::default();
    let shifted = table(|_, value| value);
    for maturity in shifted.maturities() {
        let rows = shifted
            .get(maturity)
            .iter()
            .map(|(date, value)| (*date, value + if *date >= day(200) { 2.0 } else { 0.0 }));
        all.insert(maturity, rows.collect::<Vec<_>>());
    }
    assert_eq!(kinds(&all), []);
}

#[test]
fn a_value_that_is_carried_on_counts_once() {
    let still = table(|at, value| if (100..145).contains(&at) { 4.11 } else { value });
    let found = odd_yields(&still);
    assert_eq!((found.len(), found[0].kind, found[0].since, found[0].until), (1, OddKind::Still, day(100), day(144)));
    assert_eq!(usable_yields(&still, &found).get(Maturity::Ust5Y).len(), DAYS_IN_ALL - 44);
    assert_eq!(kinds(&table(|at, value| if (100..130).contains(&at) { 4.11 } else { value })), [], "30 rows");
    assert_eq!(kinds(&table(|_, _| 4.11)), [(OddKind::Still, Maturity::Ust5Y)], "the others move");
    // A rate that somebody assumes is no fault.
    let mut assumed = YieldTable::default();
    assumed.insert(Maturity::Ust3M, (0..100).map(|at| (day(at), 4.0)));
    assert_eq!(kinds(&assumed), []);
}

#[test]
fn columns_that_changed_places_are_named() {
    let right = table(|_, value| value);
    let mut wrong = right.clone();
    wrong.insert(Maturity::Ust2Y, right.get(Maturity::Ust10Y).to_vec());
    wrong.insert(Maturity::Ust10Y, right.get(Maturity::Ust2Y).to_vec());
    let found = odd_yields(&wrong);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].kind, found[0].maturity, found[0].with),
        (OddKind::Swapped, Maturity::Ust2Y, Some(Maturity::Ust10Y))
    );
}

#[test]
fn a_yield_far_from_its_neighbours_is_named_and_used() {
    // Another sign, a rate of a month, and a twentieth.
    for (factor, around) in [(-1.0, -4.0), (1.0 / 12.0, 0.33), (0.05, 0.2)] {
        let table = table(|_, value| factor * value);
        let found = odd_yields(&table);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].kind, found[0].maturity), (OddKind::Apart, Maturity::Ust5Y), "{found:?}");
        assert!((found[0].value - around).abs() < 0.6 && (found[0].before - 4.0).abs() < 1.0, "{found:?}");
        assert_eq!(usable_yields(&table, &found), table, "it is said, not left out");
    }
    // The steepest curve of the last forty years, three months to ten years, without those between.
    let mut steep = YieldTable::default();
    for (maturity, level) in [(Maturity::Ust3M, 0.1), (Maturity::Ust10Y, 3.9)] {
        steep.insert(maturity, (0..100).map(|at| (day(at), level + (at % 7) as f64 / 100.0)).collect::<Vec<_>>());
    }
    assert_eq!(kinds(&steep), []);
}
