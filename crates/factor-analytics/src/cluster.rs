//! Hierarchical clustering of a correlation matrix: which rows stand next to each other, and which form a block.
//!
//! Distance sqrt(0.5 (1 - rho)), 0 for rho = 1 and 1 for rho = -1; sqrt(0.5), that of rho = 0, where the correlation is
//! undefined. Average linkage by the nearest-neighbour chain (F. Murtagh, "A survey of recent advances in hierarchical
//! clustering algorithms", Computer Journal 26, 1983), step for step as `scipy.cluster.hierarchy.linkage` takes it, so
//! that ties are broken in the same way.

use ndarray::Array2;

use crate::{
    correlation::{CorrelationMatrix, Estimate},
    observer::{Progress, Stopped},
};

/// Merges at or below this distance stay within a block; for two columns it is rho = 0.5.
pub const CUT_DISTANCE: f64 = 0.5;

/// The order of a matrix's columns and the blocks they form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Clusters {
    /// The columns as `scipy.cluster.hierarchy.leaves_list` orders them.
    pub order: Vec<usize>,
    /// The columns of each block, in that order; a column alone is a block of its own.
    pub blocks: Vec<Vec<usize>>,
}

/// One merge of two clusters. Columns are the clusters 0 to n - 1; the k-th merge makes cluster n + k.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Merge {
    left: usize,
    right: usize,
    distance: f64,
}

impl Clusters {
    /// Clusters the columns of a matrix.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop; it is asked at each link of the chain, which is one row of the matrix.
    pub fn of(matrix: &CorrelationMatrix, progress: &mut Progress<'_>) -> Result<Self, Stopped> {
        let size = matrix.size();
        let mut distances = Array2::zeros((size, size));
        for (i, mut row) in distances.rows_mut().into_iter().enumerate() {
            progress.check()?;
            row.iter_mut().enumerate().for_each(|(j, entry)| *entry = distance(matrix.get(i, j)));
        }
        let merges = linkage(distances, progress)?;
        let order = leaves(size, &merges);
        Ok(Self { blocks: blocks(&order, &merges), order })
    }

    /// The matrix with its rows and columns in this order.
    pub fn reorder(&self, matrix: &CorrelationMatrix) -> CorrelationMatrix {
        let size = matrix.size();
        let at = |(i, j): (usize, usize)| (self.order[i], self.order[j]);
        CorrelationMatrix {
            names: self.order.iter().map(|from| matrix.names[*from].clone()).collect(),
            values: Array2::from_shape_fn((size, size), |place| matrix.values[at(place)]),
            rows: Array2::from_shape_fn((size, size), |place| matrix.rows[at(place)]),
            undefined_pairs: matrix.undefined_pairs,
            estimate: match &matrix.estimate {
                Estimate::Weighted(rows) => {
                    Estimate::Weighted(Array2::from_shape_fn((size, size), |place| rows[at(place)]))
                }
                other => other.clone(),
            },
        }
    }
}

fn distance(r: Option<f64>) -> f64 {
    (0.5 * (1.0 - r.unwrap_or(0.0))).max(0.0).sqrt()
}

/// The merges by rising distance.
fn linkage(mut distances: Array2<f64>, progress: &mut Progress<'_>) -> Result<Vec<Merge>, Stopped> {
    let n = distances.nrows();
    let mut sizes = vec![1_usize; n];
    let mut chain: Vec<usize> = Vec::with_capacity(n);
    // Each merge by one column of either side; which clusters those are by then is settled after sorting.
    let mut merges: Vec<Merge> = Vec::with_capacity(n.saturating_sub(1));
    while merges.len() + 1 < n {
        progress.advance(merges.len(), n)?;
        // Where a chain begins does not change the tree, but it does the order of ties: the first cluster, as in SciPy.
        if chain.is_empty() {
            chain.extend(sizes.iter().position(|size| *size > 0));
        }
        let Some(&end) = chain.last() else { break };
        // The one before in the chain is preferred among equals: otherwise the chain could go round.
        let before = chain.len().checked_sub(2).map(|at| chain[at]);
        let mut nearest = before;
        let mut least = before.map_or(f64::INFINITY, |before| distances[(end, before)]);
        for other in 0..n {
            if sizes[other] > 0 && other != end && distances[(end, other)] < least {
                (nearest, least) = (Some(other), distances[(end, other)]);
            }
        }
        let Some(nearest) = nearest else { break };
        if before != Some(nearest) {
            chain.push(nearest);
            continue;
        }
        chain.truncate(chain.len() - 2);
        // The later place keeps the joint cluster, as in SciPy: it decides which of equal distances comes first.
        let (gone, stays) = (end.min(nearest), end.max(nearest));
        merges.push(Merge { left: gone, right: stays, distance: least });
        let (of_gone, of_stays) = (sizes[gone] as f64, sizes[stays] as f64);
        (sizes[gone], sizes[stays]) = (0, sizes[gone] + sizes[stays]);
        for other in (0..n).filter(|other| sizes[*other] > 0 && *other != stays) {
            let joint =
                (of_gone * distances[(other, gone)] + of_stays * distances[(other, stays)]) / (of_gone + of_stays);
            distances[(other, stays)] = joint;
            distances[(stays, other)] = joint;
        }
    }
    // The chain finds merges out of order; a stable sort keeps equals as they were found.
    merges.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    let mut parents: Vec<usize> = (0..n + merges.len()).collect();
    for (k, merge) in merges.iter_mut().enumerate() {
        let (left, right) = (root(&parents, merge.left), root(&parents, merge.right));
        (merge.left, merge.right) = (left.min(right), left.max(right));
        (parents[left], parents[right]) = (n + k, n + k);
    }
    Ok(merges)
}

fn root(parents: &[usize], mut cluster: usize) -> usize {
    while parents[cluster] != cluster {
        cluster = parents[cluster];
    }
    cluster
}

/// The columns from left to right.
fn leaves(size: usize, merges: &[Merge]) -> Vec<usize> {
    let mut order = Vec::with_capacity(size);
    let mut open: Vec<usize> = (size + merges.len()).checked_sub(1).into_iter().collect();
    while let Some(cluster) = open.pop() {
        match cluster.checked_sub(size).map(|k| merges[k]) {
            // A stack: the left side is taken off first.
            Some(merge) => open.extend([merge.right, merge.left]),
            None => order.push(cluster),
        }
    }
    order
}

/// The columns that merges at or below [`CUT_DISTANCE`] have joined. Average linkage never merges at a lower distance than it did
/// within either side, so they stand side by side in `order`.
fn blocks(order: &[usize], merges: &[Merge]) -> Vec<Vec<usize>> {
    let size = order.len();
    let mut parents: Vec<usize> = (0..size + merges.len()).collect();
    for (k, merge) in merges.iter().enumerate().filter(|(_, merge)| merge.distance <= CUT_DISTANCE) {
        (parents[merge.left], parents[merge.right]) = (size + k, size + k);
    }
    order.chunk_by(|a, b| root(&parents, *a) == root(&parents, *b)).map(<[usize]>::to_vec).collect()
}

#[cfg(test)]
mod tests;
