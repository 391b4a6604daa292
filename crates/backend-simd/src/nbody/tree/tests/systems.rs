//! Systems of bodies for the tests of the tree, the same on every machine.

use std::f64::consts::TAU;

use kernels_core::Bodies;

/// Three numbers in (0, 1), hashed from the number of a body (SplitMix64).
fn random(body: usize) -> [f64; 3] {
    [1, 2, 3].map(|draw| {
        let mut z = (3 * body as u64 + draw).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((z >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    })
}

pub(super) fn at_rest(masses: Vec<f64>, positions: Vec<[f64; 3]>) -> Bodies {
    let velocities = vec![[0.0; 3]; masses.len()];
    Bodies::from_rows(masses, positions, velocities).expect("well-formed")
}

/// Equal masses, 1 together.
pub(super) fn equal(positions: Vec<[f64; 3]>) -> Bodies {
    at_rest(vec![1.0 / positions.len() as f64; positions.len()], positions)
}

/// The place of a body of a Plummer sphere.
pub(super) fn plummer_position(body: usize) -> [f64; 3] {
    let [enclosed, height, turn] = random(body);
    let radius = (enclosed.powf(-2.0 / 3.0) - 1.0).powf(-0.5);
    let z = 2.0 * height - 1.0;
    let flat = (1.0 - z * z).sqrt();
    [radius * flat * (TAU * turn).cos(), radius * flat * (TAU * turn).sin(), radius * z]
}

pub(super) fn plummer(n: usize) -> Bodies {
    equal((0..n).map(plummer_position).collect())
}

/// Equal masses in a cube of side 1.
pub(super) fn cube(n: usize) -> Bodies {
    equal((0..n).map(random).collect())
}

/// A place at the distance 1 from the origin, and a number in (0, 1) that does not depend on it.
fn direction(body: usize) -> ([f64; 3], f64) {
    let [rest, height, turn] = random(body);
    let z = 2.0 * height - 1.0;
    let flat = (1.0 - z * z).sqrt();
    ([flat * (TAU * turn).cos(), flat * (TAU * turn).sin(), z], rest)
}

/// A place in a ball of radius 1, its centre at the distance `d` from the origin.
pub(super) fn ball_at(d: f64) -> impl Fn(usize) -> [f64; 3] {
    move |body| {
        let (direction, enclosed) = direction(body);
        let [x, y, z] = direction.map(|x| x * enclosed.cbrt());
        [d + x, y, z]
    }
}

/// A place in a disc of radius 1, a hundredth of that thick.
fn disc(body: usize) -> [f64; 3] {
    let [radius, turn, height] = random(body);
    [radius * (TAU * turn).cos(), radius * (TAU * turn).sin(), 0.01 * height]
}

/// A place in a ring of radius 1, a fiftieth of that wide and thick.
fn ring(body: usize) -> [f64; 3] {
    let [off, turn, height] = random(body);
    let radius = 1.0 + 0.02 * (off - 0.5);
    [radius * (TAU * turn).cos(), radius * (TAU * turn).sin(), 0.02 * (height - 0.5)]
}

/// A body of mass 1 at the origin and `n` of the mass `rest` together, where `place` says.
pub(super) fn with_star(n: usize, rest: f64, place: impl Fn(usize) -> [f64; 3]) -> Bodies {
    let masses = std::iter::once(1.0).chain((0..n).map(|_| rest / n as f64)).collect();
    at_rest(masses, std::iter::once([0.0; 3]).chain((1..=n).map(place)).collect())
}

/// Two clusters of different sizes, far from one another.
fn two_clusters(n: usize) -> Bodies {
    let place = |body: usize| {
        let [x, y, z] = plummer_position(body);
        if body.is_multiple_of(3) { [1000.0 + 0.01 * x, 0.01 * y, 0.01 * z] } else { [x, y, z] }
    };
    equal((0..n).map(place).collect())
}

/// Masses over 12 orders of magnitude.
fn unequal(n: usize) -> Bodies {
    let masses = (0..n).map(|body| 10.0_f64.powi(-(body as i32 % 13))).collect();
    at_rest(masses, (0..n).map(plummer_position).collect())
}

/// Systems in which no body outweighs all others.
pub(super) fn of_many_shapes(n: usize) -> [(&'static str, Bodies); 4] {
    [
        ("uniform cube", cube(n)),
        ("two clusters", two_clusters(n)),
        ("masses over 12 orders of magnitude", unequal(n)),
        ("thin disc", equal((0..n).map(disc).collect())),
    ]
}

/// Systems in which one body outweighs all others, or a few do.
pub(super) fn dominated(n: usize) -> Vec<(String, Bodies)> {
    let mut systems = vec![
        ("star in a shell".to_owned(), with_star(n, 1e-6, |body| direction(body).0)),
        ("star in a heavy shell".to_owned(), with_star(n, 0.1, |body| direction(body).0)),
        ("star in a ring".to_owned(), with_star(n, 1e-6, ring)),
        ("star in a disc".to_owned(), with_star(n, 1e-6, disc)),
        ("star in a Plummer sphere".to_owned(), with_star(n, 1e-3, plummer_position)),
        ("star in a heavy Plummer sphere".to_owned(), with_star(n, 1.0, plummer_position)),
        ("dense cluster beside a ball".to_owned(), cluster_beside_a_ball(n)),
    ];
    for tenths in [11, 13, 16, 18, 19, 20, 21, 22, 23, 24, 25, 28, 32, 35, 40, 50, 60] {
        let d = f64::from(tenths) / 10.0;
        for rest in [1e-6, 0.1, 1.0] {
            let name = format!("star beside a ball of mass {rest} at {d}");
            systems.push((name, with_star(n, rest, ball_at(d))));
        }
    }
    systems
}

/// A tenth of the bodies in a small ball outweigh the others in a large one.
fn cluster_beside_a_ball(n: usize) -> Bodies {
    let (dense, wide) = (ball_at(0.0), ball_at(2.2));
    let is_dense = |body: usize| body.is_multiple_of(10);
    let mass = |body| if is_dense(body) { 10.0 } else { 1e-6 } / n as f64;
    let place = |body| if is_dense(body) { dense(body).map(|x| 0.05 * x) } else { wide(body) };
    at_rest((0..n).map(mass).collect(), (0..n).map(place).collect())
}

/// The systems of the published tables.
pub(super) fn published(n: usize) -> Vec<(&'static str, Bodies)> {
    vec![
        ("Plummer sphere", plummer(n)),
        ("uniform cube", cube(n)),
        ("star beside a ball", with_star(n, 1e-6, ball_at(1.6))),
        ("star beside a ball, farther", with_star(n, 1e-6, ball_at(2.5))),
        ("star in a shell", with_star(n, 1e-6, |body| direction(body).0)),
        ("star in a ring", with_star(n, 1e-6, ring)),
    ]
}

/// Bodies in rows at equal distances, so that most of the pulls on each cancel.
pub(super) fn lattices() -> [(&'static str, Bodies); 4] {
    let lattice = |[x, y, z]: [usize; 3]| {
        let place = |k: usize| [k % x, k / x % y, k / (x * y)].map(|at| at as f64);
        equal((0..x * y * z).map(place).collect())
    };
    [
        ("line", lattice([1000, 1, 1])),
        ("square grid", lattice([60, 60, 1])),
        ("cubic lattice", lattice([8, 8, 8])),
        ("larger cubic lattice", lattice([16, 16, 16])),
    ]
}
