use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn draws(method: &str, rows: &[(&str, [f64; 2])]) -> Draws {
    let mut seed = Seed::of(method);
    rows.iter().for_each(|(date, values)| seed.row(day(date), values));
    seed.draws()
}

#[test]
fn draws_are_those_of_another_program() {
    // Python: hashlib.sha256(b"method 1" + b"2020-01-31" + struct.pack("<dd", 0.5, -0.25)) as the key of ChaCha8 written out
    // by its definition (`fixtures/oracle/resample.py`), its 64-bit words times 1000, shifted right by 64.
    let mut found = draws("method 1", &[("2020-01-31", [0.5, -0.25])]);
    let numbers: Vec<usize> = (0..10).map(|_| found.below(1000)).collect();
    assert_eq!(numbers, [670, 517, 663, 307, 975, 644, 805, 18, 879, 390]);
}

#[test]
fn whatever_goes_in_changes_what_comes_out() {
    let first = |method: &str, rows: &[(&str, [f64; 2])]| draws(method, rows).below(usize::MAX);
    let all = [
        first("m", &[("2020-01-31", [0.5, -0.25])]),
        first("n", &[("2020-01-31", [0.5, -0.25])]),
        first("m", &[("2020-02-01", [0.5, -0.25])]),
        first("m", &[("2020-01-31", [0.5_f64.next_up(), -0.25])]),
        first("m", &[("2020-01-31", [-0.25, 0.5])]),
    ];
    assert!((0..all.len()).all(|at| !all[..at].contains(&all[at])), "{all:?}");
    assert_eq!(all[0], first("m", &[("2020-01-31", [0.5, -0.25])]));
}

#[test]
fn every_number_is_drawn_about_as_often() {
    let mut drawn = draws("m", &[]);
    let mut counts = [0_i32; 7];
    (0..70_000).for_each(|_| counts[drawn.below(7)] += 1);
    // A standard deviation is sqrt(70000 6/49), 93.
    assert!(counts.iter().all(|count| (count - 10_000).abs() < 400), "{counts:?}");
    assert_eq!(draws("m", &[]).below(1), 0);
}

#[test]
fn what_is_chosen_is_there_once_and_any_choice_may_be() {
    let mut drawn = draws("m", &[]);
    let mut seen = std::collections::HashSet::new();
    for _ in 0..400 {
        let mut chosen = drawn.choose(2, 4);
        assert!(chosen.len() == 2 && chosen[0] != chosen[1] && chosen.iter().all(|at| *at < 4));
        chosen.sort_unstable();
        seen.insert(chosen);
    }
    assert_eq!(seen.len(), 6, "each of 4 over 2");
    assert_eq!(drawn.choose(3, 3).len(), 3);
    assert!(drawn.choose(0, 3).is_empty());
}

#[test]
fn blocks_make_up_as_many_rows_as_there_are() {
    let mut drawn = draws("m", &[]);
    let blocks = drawn.blocks(50, 21);
    let lengths: Vec<usize> = blocks.iter().map(Range::len).collect();
    assert_eq!(lengths, [21, 21, 8]);
    assert!(blocks.iter().all(|block| block.start < 50 && block.end <= 71));
    assert!(drawn.blocks(0, 21).is_empty());
    assert_eq!(drawn.blocks(5, 21).iter().map(Range::len).sum::<usize>(), 5);
}

#[test]
fn random_blocks_are_those_of_another_program() {
    // As above, each 64-bit number's upper half times 30, shifted right by 32, and its lower half against the bounds.
    let mut found = draws("method 1", &[("2020-01-31", [0.5, -0.25])]);
    let mut blocks = vec![7..9, 2..3];
    found.stationary(30, &RandomLengths::new(6, 30), &mut blocks);
    assert_eq!(blocks, [20..21, 15..20, 19..23, 9..11, 29..32, 19..24, 24..33, 0..1]);
}

#[test]
fn random_blocks_begin_anywhere_and_end_after_each_row_with_the_same_probability() {
    let (mut drawn, lengths) = (draws("m", &[]), RandomLengths::new(6, 500));
    let (mut blocks, mut first, mut all, mut long) = (Vec::new(), [0_i32; 5], 0_i32, [0_i32; 3]);
    for _ in 0..400 {
        drawn.stationary(500, &lengths, &mut blocks);
        assert_eq!(blocks.iter().map(Range::len).sum::<usize>(), 500);
        // The last is cut.
        for block in blocks.iter().take(blocks.len() - 1) {
            all += 1;
            first[block.start / 100] += 1;
            (0..3).for_each(|at| long[at] += i32::from(block.len() > [1, 6, 17][at]));
        }
    }
    // 400 draws of 500 / 6 blocks; the share that is longer than k is (5/6)^k. Standard deviations are under 90.
    assert!((all - 33_000).abs() < 800, "{all}");
    assert!(first.iter().all(|count| (5 * count - all).abs() < 2_000), "{first:?}");
    let expected = [5.0 / 6.0, 0.334_898, 0.045_074].map(|share: f64| share * f64::from(all));
    assert!(long.iter().zip(expected).all(|(count, by_hand)| (f64::from(*count) - by_hand).abs() < 400.0), "{long:?}");
}
