//! Labels at points that lie on nothing else.

use crate::canvas::Area;

/// A point with its label, in the order in which they may choose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Labelled {
    pub(crate) at: (f64, f64),
    /// How far the label keeps from the point.
    pub(crate) radius: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// For each point the area of its label, or `None` where there is no place for it: on no other label, on no point, within `room`.
/// The first comes first; each tries right, left, above, below and the corners, near and then further away.
pub(crate) fn placed(points: &[Labelled], room: Area) -> Vec<Option<Area>> {
    let dots: Vec<Area> = points
        .iter()
        .map(|point| {
            let side = point.radius * 0.75;
            Area::of(point.at.0 - side, point.at.1 - side, 2.0 * side, 2.0 * side)
        })
        .collect();
    let mut taken: Vec<Area> = Vec::new();
    let mut all = Vec::with_capacity(points.len());
    for (own, point) in points.iter().enumerate() {
        let free = candidates(point).into_iter().find(|area| {
            let is_within =
                area.x >= room.x && area.right() <= room.right() && area.y >= room.y && area.bottom() <= room.bottom();
            let on_dot = dots.iter().enumerate().any(|(at, dot)| at != own && dot.meets(*area));
            is_within
                && !on_dot
                && !taken.iter().any(|other| other.meets(Area::of(area.x - 3.0, area.y, area.width + 6.0, area.height)))
        });
        taken.extend(free);
        all.push(free);
    }
    all
}

fn candidates(point: &Labelled) -> Vec<Area> {
    let Labelled { at: (x, y), radius, width, height } = *point;
    let of = |gap: f64| {
        let (side, up) = (radius + gap, radius * 0.8 + gap);
        [
            (x + side, y - height / 2.0),
            (x - side - width, y - height / 2.0),
            (x - width / 2.0, y - up - height),
            (x - width / 2.0, y + up),
            (x + side * 0.7, y - up * 0.7 - height),
            (x + side * 0.7, y + up * 0.7),
            (x - side * 0.7 - width, y - up * 0.7 - height),
            (x - side * 0.7 - width, y + up * 0.7),
        ]
    };
    let places = of(3.0).into_iter().chain(of(8.0));
    places.map(|(x, y)| Area::of(x, y, width, height)).collect()
}

/// Places for labels one above the other, as near as may be to where they belong: none nearer to the next than `apart`, all
/// between `low` and `high` where there is room for that.
pub(crate) fn spread(wanted: &[f64], apart: f64, (low, high): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|one, two| wanted[*one].total_cmp(&wanted[*two]).then(one.cmp(two)));
    let mut places: Vec<f64> = order.iter().map(|at| wanted[*at].clamp(low, high)).collect();
    for at in 1..places.len() {
        places[at] = places[at].max(places[at - 1] + apart);
    }
    let last = places.len().saturating_sub(1);
    if let Some(place) = places.last_mut() {
        *place = place.min(high);
    }
    for at in (0..last).rev() {
        places[at] = places[at].min(places[at + 1] - apart);
    }
    let mut found = vec![0.0; wanted.len()];
    for (at, place) in order.into_iter().zip(places) {
        found[at] = place;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn labels_never_overlap_and_never_leave_the_room(points in prop::collection::vec((0.0..300.0_f64, 0.0..200.0_f64, 2.0..9.0_f64, 10.0..60.0_f64), 0..60)) {
            let room = Area::of(0.0, 0.0, 300.0, 200.0);
            let points: Vec<Labelled> =
                points.into_iter().map(|(x, y, radius, width)| Labelled { at: (x, y), radius, width, height: 11.0 }).collect();
            let placed = placed(&points, room);
            let areas: Vec<Area> = placed.iter().flatten().copied().collect();
            for (at, area) in areas.iter().enumerate() {
                prop_assert!(area.x >= 0.0 && area.right() <= 300.0 && area.y >= 0.0 && area.bottom() <= 200.0);
                prop_assert!(areas[at + 1..].iter().all(|other| !other.meets(*area)));
            }
        }

        #[test]
        fn spread_labels_keep_apart_and_in_order(wanted in prop::collection::vec(0.0..100.0_f64, 0..8)) {
            let places = spread(&wanted, 12.0, (0.0, 100.0));
            for (at, one) in places.iter().enumerate() {
                for (other, two) in places.iter().enumerate().skip(at + 1) {
                    prop_assert!((one - two).abs() >= 12.0 - 1e-9);
                    prop_assert!(wanted[at] == wanted[other] || (wanted[at] < wanted[other]) == (one < two));
                }
            }
        }
    }

    #[test]
    fn a_label_that_has_room_stands_where_it_belongs() {
        assert_eq!(spread(&[10.0, 50.0], 12.0, (0.0, 100.0)), [10.0, 50.0]);
        assert_eq!(spread(&[100.0, 99.0], 12.0, (0.0, 100.0)), [100.0, 88.0]);
    }
}
