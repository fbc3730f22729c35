//! Files that were damaged at random: what is still read is what another reader makes of them.

use chrono::NaiveDate;

use super::FactorTable;

/// Damaged files of one run; `FRENCH_MUTATIONS` says how many, 400 where it does not.
#[expect(clippy::disallowed_methods, reason = "a setting of the tests and not of the server")]
fn count() -> u64 {
    std::env::var("FRENCH_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(400)
}

/// A repeatable stream of numbers.
fn noise(seed: u64) -> impl FnMut() -> usize {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) as usize
    }
}

/// Rows by another reader: every line that looks like one, from the first such line to the first blank one, whatever the rest of
/// the file is.
fn reference(bytes: &[u8]) -> Vec<(String, Vec<f64>)> {
    let text: String = bytes.iter().map(|b| char::from(*b)).collect();
    let mut found = Vec::new();
    let mut begun = false;
    for line in text.split('\n') {
        let cells: Vec<&str> = line.trim_end_matches('\r').split(',').map(str::trim).collect();
        let label: String = cells[0].chars().filter(|c| *c != '-').collect();
        let is_date = matches!(label.len(), 6 | 8) && label.chars().all(|c| c.is_ascii_digit()) && cells.len() > 1;
        if begun && line.trim().is_empty() {
            break;
        }
        if is_date {
            begun = true;
            let figure = |cell: &&str| match cell.parse::<f64>() {
                Ok(value) if value == -99.99 || value == -999.0 => f64::NAN,
                Ok(value) => value / 100.0,
                Err(_) => f64::INFINITY,
            };
            found.push((label, cells[1..].iter().map(figure).collect()));
        }
    }
    found
}

fn ours(table: &FactorTable) -> Vec<(String, Vec<f64>)> {
    let label = |date: &NaiveDate| match table.frequency {
        factor_types::Frequency::Monthly => date.format("%Y%m").to_string(),
        _ => date.format("%Y%m%d").to_string(),
    };
    let row = |at: usize| table.columns.iter().map(|column| column.returns[at]).collect();
    table.dates.iter().enumerate().map(|(at, date)| (label(date), row(at))).collect()
}

fn same(a: &[(String, Vec<f64>)], b: &[(String, Vec<f64>)]) -> bool {
    let bits = |rows: &[(String, Vec<f64>)]| -> Vec<(String, Vec<u64>)> {
        let bits = |x: &f64| if x.is_nan() { u64::MAX } else { x.to_bits() };
        rows.iter().map(|(label, values)| (label.clone(), values.iter().map(bits).collect())).collect()
    };
    bits(a) == bits(b)
}

/// A file of one of the layouts, drawn at random.
fn made_up(next: &mut impl FnMut() -> usize) -> Vec<u8> {
    let (daily, iso, five) = (next().is_multiple_of(2), next().is_multiple_of(2), !next().is_multiple_of(3));
    let names: &[&str] = if five { &["Mkt-RF", "SMB", "HML", "RMW", "CMA", "RF"] } else { &["Mom"] };
    let end = |number: usize| if number.is_multiple_of(3) { "\r\n" } else { "\n" };
    let mut text = String::from("This file was created using the 202504 CRSP database.  It\r\n");
    (0..next() % 12).for_each(|line| text += &format!("contains {line} portfolios, weighted by value{}", end(line)));
    let header = format!("{},{}{}", ["", "Date"][next() % 2], names.join(","), end(next()));
    text += &format!("\n{header}");
    let first: NaiveDate = "1990-01-01".parse().unwrap_or_default();
    let days = first.iter_days().filter(|day| !factor_types::exchange::is_weekend(*day));
    let months = (0..).filter_map(|at| first.checked_add_months(chrono::Months::new(at)));
    let form = if iso { "%Y-%m-%d" } else { "%Y%m%d" };
    let labels: Vec<String> = if daily {
        days.take(40 + next() % 40).map(|day| day.format(form).to_string()).collect()
    } else {
        months.take(30 + next() % 40).map(|day| day.format("%Y%m").to_string()).collect()
    };
    let mut figure = |name: &str| match (name, next() % 40) {
        ("RF", number) => format!("{:.2}", number as f64 / 100.0),
        (_, 0) => "-99.99".to_owned(),
        (_, 1) => "-999".to_owned(),
        (_, 2) => "-0.99".to_owned(),
        _ => format!("{:>8.2}", (next() % 2000) as f64 / 100.0 - 10.0),
    };
    for label in &labels {
        let cells: Vec<String> = names.iter().map(|name| figure(name)).collect();
        text += &format!("{label},{}{}", cells.join(","), end(label.len() + cells.len()));
    }
    if !daily {
        text += &format!("\r\n Annual Factors: January-December \r\n{header}");
        (1990..1993).for_each(|year| text += &format!("  {year},{}\r\n", vec!["  1.25"; names.len()].join(",")));
    }
    text += "\r\nCopyright 2025 Eugene F. Fama and Kenneth R. French\r\n";
    text.into_bytes()
}

/// One way in which a file comes to harm.
fn harm(bytes: &mut Vec<u8>, next: &mut impl FnMut() -> usize) {
    let at = next() % bytes.len().max(1);
    let lines: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
    let line = |number: usize| {
        let from = if number == 0 { 0 } else { lines[number - 1] + 1 };
        from..lines[number] + 1
    };
    match next() % 12 {
        0 => bytes.truncate(at),
        1 => bytes[at] ^= 1 << (next() % 8),
        2 => bytes[at] = b"0123456789,.-\r\n \"<eDNa"[next() % 22],
        3 => bytes.insert(at, b"0123456789,.-\r\n "[next() % 16]),
        4 => drop(bytes.remove(at)),
        5 if !lines.is_empty() => drop(bytes.drain(line(next() % lines.len()))),
        6 if !lines.is_empty() => {
            let copy = bytes[line(next() % lines.len())].to_vec();
            let to = line(next() % lines.len()).start;
            drop(bytes.splice(to..to, copy));
        }
        7 => drop(bytes.drain(at..(at + next() % 400).min(bytes.len()))),
        // A column is lost, or comes twice, from a line on.
        8 | 9 if !lines.is_empty() => {
            let from = line(next() % lines.len()).start;
            let (head, tail) = (bytes[..from].to_vec(), String::from_utf8_lossy(&bytes[from..]).into_owned());
            let twice = next().is_multiple_of(2);
            let shifted = tail.split_inclusive('\n').map(|line| match line.split_once(',') {
                Some((first, rest)) if twice => format!("{first},0.10,{rest}"),
                Some((first, rest)) => format!("{first},{}", rest.split_once(',').map_or(rest, |(_, rest)| rest)),
                None => line.to_owned(),
            });
            *bytes = head.into_iter().chain(shifted.collect::<String>().into_bytes()).collect();
        }
        10 => *bytes = [b"<html><body>".to_vec(), bytes.clone()].concat(),
        _ => bytes.extend_from_slice(b"202505,1.00\r\n"),
    }
}

#[test]
fn damaged_files_are_read_rightly_or_refused() {
    let (mut whole, mut refused) = (0, 0);
    for seed in 1..=count() {
        let mut next = noise(seed);
        let mut bytes = made_up(&mut next);
        let before = FactorTable::read(&bytes).unwrap_or_else(|error| panic!("file {seed}: {error}"));
        assert!(same(&ours(&before), &reference(&bytes)), "file {seed}");
        for _ in 0..=next() % 3 {
            if !bytes.is_empty() {
                harm(&mut bytes, &mut next);
            }
        }
        match FactorTable::read(&bytes) {
            Ok(table) => {
                assert!(
                    same(&ours(&table), &reference(&bytes)),
                    "file {seed} is read otherwise:\n{}",
                    String::from_utf8_lossy(&bytes)
                );
                whole += 1;
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                refused += 1;
            }
        }
    }
    println!(
        "{whole} of {} damaged files were read, all as the reference reads them; {refused} were refused",
        whole + refused
    );
    assert!(refused * 10 > whole + refused, "{refused} refused");
}
