//! First answers: greedy steps, exchanges, and roundings of the relaxation.
//!
//! The cut at the present choice says what each lever can add at most (its factor), so the greedy step takes what
//! promises most for its cost and asks the inner problem only about that: lazy greedy (Minoux 1978). It is a heuristic
//! except where every candidate adds single places of equal cost; the tree proves what it is worth.

use super::Rule;
use super::branch::{Best, Halt, Tree};
use super::model::{Model, Row};

/// Greedy from the best choice that is known, or from nothing, then exchanges.
pub(super) fn answer(tree: &mut Tree) -> Result<(), Halt> {
    let model = tree.model;
    let n = model.n_levers();
    let known = tree.best.as_ref().map(|best| best.steps.clone());
    // Near questions have near answers: what was exchanged for one need not be tried again for the next.
    let exchanges = if known.is_some() { 8 } else { 60 };
    let mut steps = known.unwrap_or_else(|| vec![0u32; n]);
    if let (true, Some(best)) = (tree.warm, &tree.best) {
        // The cuts know what was added before: only what comes of it is looked at.
        let mut steps = best.steps.clone();
        while let Some((_, Some(row))) = tree.promised(&steps) {
            let wanted = gains(model, std::slice::from_ref(row));
            let Some(more) = most_promising(tree, &wanted, &steps) else { break };
            steps = more;
            tree.poll()?;
        }
        if tree.promising(&steps) {
            tree.look(&steps)?;
        }
        return improve(tree, exchanges);
    }
    let (mut missing, mut objective, mut rows) = tree.look_again(&steps)?;
    // So many steps at a time that few looks suffice, fewer where each takes long.
    let most: u64 = model.choices.levers().iter().map(|lever| u64::from(lever.most)).sum();
    let at_once = usize::try_from(most / looks(model, 12, 60) + 1).unwrap_or(1);
    loop {
        let wanted = gains(model, &rows);
        let mut promises: Vec<(f64, u32)> = (0..n as u32)
            .filter_map(|lever| promise(model, &wanted, &steps, lever).map(|promise| (promise, lever)))
            .collect();
        promises.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        let mut next = steps.clone();
        let mut taken = 0;
        for (_, lever) in promises {
            if let Some(more) =
                with_one_more(model, &next, lever).filter(|more| model.allowed(more, tree.search.within))
            {
                next = more;
                taken += 1;
                if taken == at_once {
                    break;
                }
            }
        }
        if taken == 0 {
            break;
        }
        let (now_missing, now_objective, now_rows) = tree.look(&next)?;
        if (missing, objective) < (now_missing, now_objective) && missing == 0 {
            break;
        }
        steps = next;
        (missing, objective, rows) = (now_missing, now_objective, now_rows);
    }
    improve(tree, exchanges)
}

/// The steps with the one more that promises most and is allowed.
fn most_promising(tree: &Tree, gains: &[f64], steps: &[u32]) -> Option<Vec<u32>> {
    let model = tree.model;
    let mut promises: Vec<(f64, u32)> = (0..model.n_levers() as u32)
        .filter_map(|lever| promise(model, gains, steps, lever).map(|promise| (promise, lever)))
        .collect();
    promises.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    promises.into_iter().find_map(|(_, lever)| {
        with_one_more(model, steps, lever).filter(|more| model.allowed(more, tree.search.within))
    })
}

/// How many inner problems a first answer may take, by their size: about a second in all.
fn looks(model: &Model, least: u64, most: u64) -> u64 {
    (12_000_000 / (model.network().n_pairs() as u64 + 1)).clamp(least, most)
}

/// Leaves out what is not needed, then exchanges one chosen lever for others, while that helps.
fn improve(tree: &mut Tree, most: u64) -> Result<(), Halt> {
    let Some(Best { steps: best, .. }) = tree.best.clone() else { return Ok(()) };
    let model = tree.model;
    let mut looks = looks(model, 4, most);
    let mut dear: Vec<u32> = (0..model.n_levers() as u32).filter(|lever| 0 < best[*lever as usize]).collect();
    dear.sort_by_key(|lever| std::cmp::Reverse(model.choices.levers()[*lever as usize].cost(best[*lever as usize])));
    for lever in dear {
        let Some(Best { steps: best, .. }) = tree.best.clone() else { break };
        if best[lever as usize] == 0 || looks == 0 {
            continue;
        }
        let mut less = best.clone();
        less[lever as usize] -= 1;
        drop_dependent(model, &mut less);
        if !model.allowed(&less, tree.search.within) {
            continue;
        }
        tree.poll()?;
        // What is free now goes to what promises most, by the cut that says most of what is left.
        let row = tree.promised(&less).and_then(|(_, row)| row.cloned());
        let rows = match row {
            Some(row) => vec![row],
            None => {
                looks -= 1;
                tree.look(&less)?.2
            }
        };
        let wanted = gains(model, &rows);
        let mut promises: Vec<(f64, u32)> = (0..model.n_levers() as u32)
            .filter(|other| *other != lever)
            .filter_map(|other| promise(model, &wanted, &less, other).map(|promise| (promise, other)))
            .collect();
        promises.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        let mut more = less;
        let mut added = false;
        for (_, other) in promises {
            if let Some(next) =
                with_one_more(model, &more, other).filter(|next| model.allowed(next, tree.search.within))
            {
                more = next;
                added = true;
            }
        }
        if added && 0 < looks && tree.promising(&more) {
            looks -= 1;
            tree.look(&more)?;
        }
    }
    Ok(())
}

/// A whole choice near a point of the relaxation.
pub(super) fn round(tree: &mut Tree, point: &[f64]) -> Result<(), Halt> {
    let model = tree.model;
    let mut order: Vec<(f64, u32)> = (0..model.n_levers() as u32)
        .map(|lever| (model.steps_at(lever, point), lever))
        .filter(|(steps, _)| 1e-3 < *steps)
        .collect();
    order.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    let mut steps = vec![0u32; model.n_levers()];
    // Those that are surely wanted, then the rest as far as they fit.
    let mut prefixes = Vec::new();
    for share in [0.999, 0.0] {
        for (value, lever) in &order {
            while f64::from(steps[*lever as usize]) + share < *value {
                match with_one_more(model, &steps, *lever).filter(|more| model.allowed(more, tree.search.within)) {
                    Some(more) => {
                        steps = more;
                        prefixes.push(steps.clone());
                    }
                    None => break,
                }
            }
        }
    }
    if prefixes.is_empty() {
        return Ok(());
    }
    // The fewest that keep the targets, if all do.
    let (mut low, mut high) = (0, prefixes.len() - 1);
    let by_cost = tree.costs_count();
    // By cost, fewer may do.
    if !by_cost && !tree.promising(&prefixes[high]) {
        return Ok(());
    }
    let (missing, _, _) = tree.look(&prefixes[high])?;
    if missing == 0 && by_cost {
        while low < high {
            let middle = (low + high) / 2;
            let (missing, _, _) = tree.look(&prefixes[middle])?;
            if missing == 0 {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
    }
    Ok(())
}

/// What each column can add at most, by some cuts.
fn gains(model: &Model, rows: &[Row]) -> Vec<f64> {
    let mut gains = vec![0.0; model.columns.len()];
    for row in rows {
        for (column, factor) in row.terms.iter().filter(|(column, _)| (*column as usize) < model.columns.len()) {
            gains[*column as usize] -= factor;
        }
    }
    gains
}

/// What one more step of a lever, with what it needs, promises for each unit of its cost; None where there is none.
fn promise(model: &Model, gains: &[f64], steps: &[u32], lever: u32) -> Option<f64> {
    let more = with_one_more(model, steps, lever)?;
    let (mut gain, mut cost) = (0.0, 0i64);
    for (other, (now, then)) in steps.iter().zip(&more).enumerate().filter(|(_, (now, then))| now != then) {
        let own = &model.choices.levers()[other];
        cost += own.cost(*then) - own.cost(*now);
        let column = model.columns_of(other as u32).find(|column| {
            let column = model.columns[*column];
            column.before <= *now && *now < column.before + column.most
        });
        gain += column.map_or(0.0, |column| gains[column]);
    }
    // What pays for itself comes first, unless it is worth nothing and costs nothing.
    match cost {
        ..=0 if 0.0 <= gain && (cost < 0 || 0.0 < gain) => Some(1e12 + gain - cost as f64),
        ..=0 if cost < 0 => Some(1e-9 * -cost as f64),
        ..=0 => None,
        _ => (0.0 < gain).then(|| gain / cost as f64),
    }
}

/// The steps with one more of this lever and whatever the rules ask for besides; None where that is not possible.
fn with_one_more(model: &Model, steps: &[u32], lever: u32) -> Option<Vec<u32>> {
    let levers = model.choices.levers();
    if levers[lever as usize].most <= steps[lever as usize] {
        return None;
    }
    let mut more = steps.to_vec();
    more[lever as usize] += 1;
    // Each pass chooses a lever more, or ends.
    loop {
        let missing = model.choices.rules().iter().find_map(|rule| match rule {
            Rule::Together(all) if all.iter().any(|one| 0 < more[*one as usize]) => {
                all.iter().find(|one| more[**one as usize] == 0)
            }
            Rule::AfterAll { lever, others } if 0 < more[*lever as usize] => {
                others.iter().find(|one| more[**one as usize] == 0)
            }
            Rule::AfterAny { lever, others } if 0 < more[*lever as usize] => {
                let none = others.iter().all(|one| more[*one as usize] == 0);
                others.first().filter(|_| none)
            }
            _ => None,
        });
        match missing {
            Some(missing) if 0 < levers[*missing as usize].most => more[*missing as usize] = 1,
            Some(_) => return None,
            None => return Some(more),
        }
    }
}

/// Takes out whatever the rules no longer allow.
fn drop_dependent(model: &Model, steps: &mut [u32]) {
    // Each pass takes out a lever, or ends.
    loop {
        let chosen = |lever: &u32| 0 < steps[*lever as usize];
        let broken = model.choices.rules().iter().find_map(|rule| match rule {
            Rule::Together(all) if !all.iter().all(chosen) => all.iter().find(|one| chosen(one)),
            Rule::AfterAll { lever, others } if chosen(lever) && !others.iter().all(chosen) => Some(lever),
            Rule::AfterAny { lever, others } if chosen(lever) && !others.iter().any(chosen) => Some(lever),
            _ => None,
        });
        match broken {
            Some(lever) => steps[*lever as usize] = 0,
            None => return,
        }
    }
}
