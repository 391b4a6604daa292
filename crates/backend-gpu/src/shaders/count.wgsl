// Counts to a number that is only known when the program runs, one by one.

struct Counter {
    target_count: u32,
    counted: u32,
}

@group(0) @binding(0) var<storage, read_write> counter: Counter;

@compute @workgroup_size(1)
fn count() {
    for (var i = 0u; i < counter.target_count; i++) {
        counter.counted += (i & 1) + ((i + 1) & 1);
    }
}
