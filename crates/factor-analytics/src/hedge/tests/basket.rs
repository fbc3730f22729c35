//! Two or three together by hand.

use ndarray::array;

use super::*;
use crate::{hedge::basket::BasketInputs, observer::tests::unobserved};

fn best(inputs: &BasketInputs<'_>, ranked: &[&Candidate<'_>]) -> Result<Basket, String> {
    unobserved(|progress| Basket::best(inputs, ranked, progress))
}

#[test]
fn a_basket_by_hand() {
    // f = a + b is the whole portfolio, c = -a, -b. Moving w into each leaves (1 - 3w) f; under the cap of 0.5 w =
    // 0.25, so a quarter of the volatility stays. One alone moves 0.5: 0 a + 0.5 b, of variance 0.25 against 2.
    let (a, b) = squares(48);
    let f = mixed(&[(1.0, &a), (1.0, &b)]);
    let (not_a, not_b) = (mixed(&[(-1.0, &a)]), mixed(&[(-1.0, &b)]));
    let wobble = noise(3, 48);
    let (first, second, third) = (candidate("-a", &not_a), candidate("-b", &not_b), candidate("noise", &wobble));
    let inputs = BasketInputs { overexposed: &f, portfolio: Some((&f, 0.5)), per_year: 12.0, min_rows: 12 };
    let basket = best(&inputs, &[&first, &second]).unwrap();
    let moved: Vec<f64> = basket.members.iter().filter_map(|m| m.suggested_additional_allocation).collect();
    assert!(moved.iter().all(|weight| (weight - 0.25).abs() < 1e-12), "{moved:?}");
    let change = basket.portfolio_volatility.unwrap();
    assert!((change.after / change.before - 0.25).abs() < 1e-12);
    assert!((basket.objective.best_single / basket.objective.before - 0.125).abs() < 1e-12);
    assert!((basket.objective.after / basket.objective.before - 0.0625).abs() < 1e-12);
    assert!((basket.relation.correlation_to_overexposed.unwrap() + 1.0).abs() < 1e-12);
    assert_eq!(basket.sets_tried, 1);
    let three = best(&inputs, &[&first, &second, &third]).unwrap();
    assert_eq!(three.sets_tried, 4);
    assert!(three.objective.after <= basket.objective.after);
    // One candidate is no basket, nor are two of which one does nothing.
    assert!(best(&inputs, &[&first]).unwrap_err().contains("two candidates"));
    let same = candidate("-a again", &not_a);
    assert!(best(&inputs, &[&first, &same]).unwrap_err().contains("-a alone"));
    let alone = BasketInputs { portfolio: None, ..inputs };
    let up = candidate("f", &f);
    let twice = mixed(&[(2.0, &f), (0.1, &wobble)]);
    let more = candidate("2f", &twice);
    assert!(best(&alone, &[&up, &more]).unwrap_err().starts_with("would_not_reduce"));
}

#[test]
fn a_short_history_leaves_the_basket_and_is_named() {
    let (f, one, two) = (noise(4, 60), noise(5, 60), noise(6, 60));
    let against: Vec<f64> = mixed(&[(-0.5, &f), (1.0, &one)]);
    let other: Vec<f64> = mixed(&[(-0.5, &f), (1.0, &two)]);
    let young: Vec<f64> = (0..60).map(|row| if row < 30 { NAN } else { -f[row] }).collect();
    let (against, other, young) = (candidate("old", &against), candidate("older", &other), candidate("young", &young));
    let inputs = BasketInputs { overexposed: &f, portfolio: None, per_year: 12.0, min_rows: 48 };
    let basket = best(&inputs, &[&against, &young, &other]).unwrap();
    assert_eq!((basket.dropped, basket.relation.n), (vec!["young".to_owned()], 60));
}

#[test]
fn a_basket_has_the_rows_of_its_own_members() {
    // The third goes with the factor, so that it has no part in any set, and has half of the rows: the two keep all sixty.
    let (a, b) = squares(60);
    let f = mixed(&[(1.0, &a), (1.0, &b)]);
    let (one, two) = (mixed(&[(-1.0, &a), (0.1, &noise(21, 60))]), mixed(&[(-1.0, &b), (0.1, &noise(22, 60))]));
    let with = mixed(&[(1.0, &f), (0.5, &noise(23, 60))]);
    let short: Vec<f64> = with.iter().enumerate().map(|(row, r)| if row < 30 { NAN } else { *r }).collect();
    let (one, two, short) = (candidate("one", &one), candidate("two", &two), candidate("short", &short));
    for portfolio in [None, Some((f.as_slice(), 0.5))] {
        let inputs = BasketInputs { overexposed: &f, portfolio, per_year: 12.0, min_rows: 12 };
        let with = best(&inputs, &[&one, &short, &two]).unwrap();
        let without = best(&inputs, &[&one, &two]).unwrap();
        let names: Vec<&str> = with.members.iter().map(|member| member.factor.as_str()).collect();
        assert_eq!((names, with.relation.n, with.sets_tried), (vec!["one", "two"], 60, 4));
        // What stands outside changes no figure of it, to the last bit.
        assert_eq!(Basket { sets_tried: 1, ..with }, without);
    }
}

#[test]
fn a_weight_that_rounding_makes_negative_is_none() {
    // The free optimum of both is (0.5, 0.5) over the cap; on it the second has no room: G = I, d = (1, 0.2), cap 0.5.
    // w = d - l: l = (1.2 - 0.5) / 2 = 0.35 gives (0.65, -0.15), outside; the first alone at the cap is the best.
    let gram = array![[1.0, 0.0], [0.0, 1.0]];
    assert_eq!(capped::minimise(gram.view(), &[1.0, 0.2], 0.5), [0.5, 0.0]);
    assert_eq!(capped::minimise(gram.view(), &[-1.0, -0.2], 0.5), [0.0, 0.0]);
}
