// Counts the segments of a text: the bytes between two ASCII separators, with the ASCII letters
// lower-cased.
//
// An invocation takes the segments that begin in its stretch of the text. Each is hashed and looked up
// in a table of open addressing with linear probing. A free slot is claimed by one compare-exchange
// with the place of the segment; a claimed one holds the place of the first that came, and is the same
// segment only if all bytes are. Nobody ever waits for anybody.
//
// There are two such tables. A workgroup counts in a small one in its own memory first, so that all of
// its "the" reach the large one, which all workgroups share, as one addition. What finds no slot in
// the small one goes to the large one at once; what finds none there, or is longer than LONGEST, is
// left to the host.
//
// The text in front of this one defines WORKGROUP, STRETCH, LONGEST, PROBES and SEPARATORS.

// The slots of the table of a workgroup, a power of two, and how many of them a segment tries. It takes 16 KB, what
// every adapter has; the stretches of 256 invocations hold a thousand distinct words.
const OWN_SLOTS = 1024u;
const OWN_PROBES = 2u;

// More than there are places in the stretches of a workgroup, a power of two.
const OWN_PLACES = 2u * WORKGROUP * STRETCH;

struct Slot {
    owner: atomic<u32>,   // 1 + the place of the first that came; 0: free
    count: atomic<u32>,
    first: atomic<u32>,   // the complement of the least place, so that zeros are a clear table
}

struct OwnSlot {
    owner: atomic<u32>,   // 1 + the place from the workgroup's first on, and above it digits of the hash
    count: atomic<u32>,   // the length, times LENGTH, plus the number
    first: atomic<u32>,
    hash: u32,            // the owner's to write
}

// More than a workgroup counts of one segment.
const LENGTH = 0x10000u;

struct Entry {
    place: u32,
    count: u32,
    first: u32,
}

struct Lists {
    entries: atomic<u32>,
    leftovers: atomic<u32>,
    left: array<Entry>,   // to the host
}

@group(0) @binding(0) var<storage, read_write> text: array<u32>;
@group(0) @binding(1) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(2) var<storage, read_write> lists: Lists;
@group(0) @binding(3) var<storage, read_write> entries: array<Entry>;

struct Extent {
    length: u32,
    slots: u32,      // a power of two
    leftovers: u32,  // how many fit
}

var<immediate> extent: Extent;

var<workgroup> own: array<OwnSlot, OWN_SLOTS>;

fn byte(at: u32) -> u32 {
    return (text[at / 4] >> (at % 4 * 8)) & 0xff;
}

fn is_separator(c: u32) -> bool {
    return c < 128 && ((SEPARATORS[c / 32] >> (c % 32)) & 1) != 0;
}

fn in_segment(at: u32) -> bool {
    return at < extent.length && !is_separator(byte(at));
}

fn lower(c: u32) -> u32 {
    return select(c, c | 32, c >= 65 && c <= 90);
}

// FNV-1a with the last step of MurmurHash3, which lets every byte reach the low bits.
fn hashed(hash: u32, c: u32) -> u32 {
    return (hash ^ c) * 16777619;
}

fn finished(hash: u32) -> u32 {
    let h = (hash ^ (hash >> 16)) * 0x85ebca6bu;
    let i = (h ^ (h >> 13)) * 0xc2b2ae35u;
    return i ^ (i >> 16);
}

// Four bytes from `at` on, the first one lowest.
fn four_bytes(at: u32) -> u32 {
    let low = text[at / 4];
    let shift = at % 4 * 8;
    if shift == 0 {
        return low;
    }
    return (low >> shift) | (text[at / 4 + 1] << (32 - shift));
}

// Four bytes lower-cased at once: a byte below 128 is a capital where adding 128 - 'A' carries into
// its top bit and adding 127 - 'Z' does not.
fn lower_four(c: u32) -> u32 {
    let low = c & 0x7f7f7f7fu;
    let capital = (low + 0x3f3f3f3fu) & ~(low + 0x25252525u) & ~c & 0x80808080u;
    return c | (capital >> 2);
}

// Whether the segment at `b` is that of so many bytes at `a`. What lies behind the end of the text, zeros or
// what the buffer held before, may well be equal, but belongs to no segment.
fn is_same(a: u32, b: u32, length: u32) -> bool {
    if b + length > extent.length {
        return false;
    }
    for (var k = 0u; k < length; k += 4) {
        let different = lower_four(four_bytes(a + k)) ^ lower_four(four_bytes(b + k));
        let rest = min(length - k, 4);
        if (different << (32 - 8 * rest)) != 0 {
            return false;
        }
    }
    return !in_segment(b + length);
}

// Whether the slot is, or becomes, that of the segment.
fn owns(slot: u32, place: u32, length: u32) -> bool {
    var owner = atomicLoad(&slots[slot].owner);
    // A weak exchange may fail for no reason.
    while owner == 0 {
        let exchange = atomicCompareExchangeWeak(&slots[slot].owner, 0, place + 1);
        if exchange.exchanged {
            return true;
        }
        owner = exchange.old_value;
    }
    return is_same(place, owner - 1, length);
}

fn leave(entry: Entry) {
    let at = atomicAdd(&lists.leftovers, 1);
    if at < extent.leftovers {
        lists.left[at] = entry;
    }
}

// Adds what is known of a segment to the table of all.
fn add(entry: Entry, length: u32, hash: u32) {
    let mask = extent.slots - 1;
    for (var probe = 0u; probe < PROBES; probe++) {
        let slot = (hash + probe) & mask;
        if owns(slot, entry.place, length) {
            atomicAdd(&slots[slot].count, entry.count);
            if atomicLoad(&slots[slot].first) < ~entry.first {
                atomicMax(&slots[slot].first, ~entry.first);
            }
            return;
        }
    }
    leave(entry);
}

// As `owns`, in the table of the workgroup, whose stretches begin at `base`. Nearly all other segments differ
// in the digits of the hash, so that the text is read for the same one only.
fn owns_own(slot: u32, base: u32, place: u32, length: u32, hash: u32) -> bool {
    let digits = hash * OWN_PLACES;
    var owner = atomicLoad(&own[slot].owner);
    while owner == 0 {
        let mine = digits + (place - base + 1);
        let exchange = atomicCompareExchangeWeak(&own[slot].owner, 0, mine);
        if exchange.exchanged {
            own[slot].hash = hash;
            atomicAdd(&own[slot].count, length * LENGTH);
            return true;
        }
        owner = exchange.old_value;
    }
    if (owner ^ digits) >= OWN_PLACES {
        return false;
    }
    return is_same(place, own_place(base, owner), length);
}

fn own_place(base: u32, owner: u32) -> u32 {
    return base + owner % OWN_PLACES - 1;
}

// Adds one segment to the table of the workgroup.
fn tally(base: u32, place: u32, length: u32, hash: u32) {
    for (var probe = 0u; probe < OWN_PROBES; probe++) {
        // The large table takes the low bits.
        let slot = ((hash >> 16) + probe) & (OWN_SLOTS - 1);
        if owns_own(slot, base, place, length, hash) {
            atomicAdd(&own[slot].count, 1);
            atomicMax(&own[slot].first, ~place);
            return;
        }
    }
    add(Entry(place, 1, place), length, hash);
}

fn clear_own(lane: u32) {
    for (var slot = lane; slot < OWN_SLOTS; slot += WORKGROUP) {
        atomicStore(&own[slot].owner, 0);
        atomicStore(&own[slot].count, 0);
        atomicStore(&own[slot].first, 0);
    }
}

// Hands the table of the workgroup to that of all.
fn hand_over(base: u32, lane: u32) {
    for (var slot = lane; slot < OWN_SLOTS; slot += WORKGROUP) {
        let owner = atomicLoad(&own[slot].owner);
        if owner != 0 {
            let count = atomicLoad(&own[slot].count);
            let first = ~atomicLoad(&own[slot].first);
            let entry = Entry(own_place(base, owner), count % LENGTH, first);
            add(entry, count / LENGTH, own[slot].hash);
        }
    }
}

// Counts the segment that begins at `place`, and gives where it ends.
fn segment(base: u32, place: u32) -> u32 {
    var hash = 2166136261u;
    var at = place;
    var bytes = text[at / 4] >> (at % 4 * 8);
    while at < extent.length && !is_separator(bytes & 0xff) {
        if at - place == LONGEST {
            leave(Entry(place, 1, place));
            return at;
        }
        hash = hashed(hash, lower(bytes & 0xff));
        at++;
        bytes = bytes >> 8;
        if at % 4 == 0 {
            bytes = text[at / 4];
        }
    }
    tally(base, place, at - place, finished(hash));
    return at;
}

fn invocation(global: vec3<u32>, groups: vec3<u32>) -> u32 {
    return global.y * groups.x * WORKGROUP + global.x;
}

// Counts the segments that begin in a stretch of the text, one of those that begin at `base`.
fn count_stretch(base: u32, begin: u32) {
    let end = min(begin + STRETCH, extent.length);
    var at = begin;
    if begin > 0 {
        // The rest of a segment that began before.
        if in_segment(begin - 1) {
            while at < end && in_segment(at) {
                at++;
            }
        }
    }
    // A segment longer than a stretch ends behind it.
    while at < end {
        if in_segment(at) {
            at = segment(base, at);
        } else {
            at++;
        }
    }
}

@compute @workgroup_size(WORKGROUP)
fn count(
    @builtin(local_invocation_index) lane: u32,
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    clear_own(lane);
    workgroupBarrier();
    let invocation = invocation(id, groups);
    let base = (invocation - lane) * STRETCH;
    count_stretch(base, invocation * STRETCH);
    workgroupBarrier();
    hand_over(base, lane);
}

@compute @workgroup_size(WORKGROUP)
fn collect(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let slot = invocation(id, groups);
    if slot >= extent.slots {
        return;
    }
    let owner = atomicLoad(&slots[slot].owner);
    if owner != 0 {
        let count = atomicLoad(&slots[slot].count);
        let first = ~atomicLoad(&slots[slot].first);
        entries[atomicAdd(&lists.entries, 1)] = Entry(owner - 1, count, first);
    }
}
