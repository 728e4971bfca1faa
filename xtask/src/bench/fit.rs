//! How a cost grows with the size of what it is for. Pure.

use serde::Serialize;

/// How well figures lie on a line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Fit {
    /// Of the power of the size that fits best: 1 is linear, 2 is quadratic.
    pub(crate) exponent: f64,
    /// Of the best straight line: 1 if all lie on it.
    pub(crate) r_squared: f64,
}

impl Fit {
    /// Of these sizes, with what each cost; nothing unless there are two different ones, all above 0.
    pub(crate) fn of(points: &[(f64, f64)]) -> Option<Self> {
        let logarithms: Vec<_> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
        let (exponent, _) = line(&logarithms)?;
        let (_, r_squared) = line(points)?;
        Some(Self { exponent, r_squared })
    }
}

/// The slope of the best line through these points, and its coefficient of determination.
fn line(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let count = points.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(&|point| point.0), mean(&|point| point.1));
    let (xx, xy) = (mean(&|p| (p.0 - x).powi(2)), mean(&|p| (p.0 - x) * (p.1 - y)));
    let yy = mean(&|point| (point.1 - y).powi(2));
    let is_usable = xx.is_finite() && xy.is_finite() && xx > 0.0 && yy > 0.0;
    is_usable.then(|| (xy / xx, xy * xy / (xx * yy)))
}

#[cfg(test)]
mod tests {
    use super::Fit;

    #[test]
    fn a_line_a_square_and_nothing() {
        let sizes = [100.0, 1_000.0, 10_000.0];
        let linear = Fit::of(&sizes.map(|n| (n, 0.4 * n))).unwrap();
        assert!((linear.exponent - 1.0).abs() < 1e-9 && linear.r_squared > 0.999_999);
        let square = Fit::of(&sizes.map(|n| (n, n * n))).unwrap();
        assert!((square.exponent - 2.0).abs() < 1e-9 && square.r_squared < 0.999, "{square:?}");
        assert_eq!(Fit::of(&[(1.0, 1.0)]), None);
        assert_eq!(Fit::of(&[]), None);
    }
}
