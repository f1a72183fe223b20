import Glibc
import Host
import LaunchPlan

/// The room that stores may grow into, by file system: what they hold already is theirs. Pure; `Measure` reads.
enum StoreSpace {
    struct Store: Equatable {
        var service: String
        var path: String
        /// What it may grow to.
        var bytes: Int
    }

    struct FileSystem: Equatable {
        /// Tells file systems apart.
        var device: UInt
        var size: Int
        /// For this user.
        var free: Int
    }

    /// A finding for the largest store of each file system that is too small for all of its stores together.
    ///
    /// - Parameter held: what a store holds now; asked only where it decides, since to count it takes time.
    static func findings(_ stores: [(store: Store, on: FileSystem)], held: (Store) -> Int) -> [(index: Int, finding: PreflightFinding)] {
        Set(stores.map(\.on.device)).sorted().compactMap { device in
            let here = stores.indices.filter { stores[$0].on.device == device }
            guard let largest = here.max(by: { stores[$0].store.bytes < stores[$1].store.bytes }) else { return nil }
            let system = stores[largest].on
            let wanted = here.reduce(0) { sum($0, stores[$1].store.bytes) }
            let names = here.map { "\(stores[$0].store.path) \(ByteText.text(stores[$0].store.bytes))" }.joined(separator: ", ")
            let what = here.count == 1 ? names : "\(ByteText.text(wanted)) in all: \(names)"
            if wanted > system.size {
                return (
                    largest,
                    PreflightFinding(
                        .error, "the cache may grow beyond its file system of \(ByteText.text(system.size)) (\(what))",
                        hint: "lower maxBytes, or give another directory")
                )
            }
            guard wanted > system.free else { return nil }
            let grows = here.reduce(0) { sum($0, max(0, stores[$1].store.bytes - held(stores[$1].store))) }
            guard grows > system.free else { return nil }
            return (
                largest,
                PreflightFinding(
                    .warning, "the cache may grow by \(ByteText.text(grows)), and \(ByteText.text(system.free)) are free now (\(what))",
                    hint: "free some space, or lower maxBytes")
            )
        }
    }

    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflows) = left.addingReportingOverflow(right)
        return overflows ? .max : sum
    }

    // MARK: reading

    /// The file system that would hold `path`: that of the nearest folder above it that exists.
    static func fileSystem(of path: String) -> FileSystem? {
        var status = stat()
        var place = path
        while stat(place, &status) != 0 {
            guard let slash = place.lastIndex(of: "/"), place != "/" else { return nil }
            place = slash == place.startIndex ? "/" : String(place[..<slash])
        }
        var system = statvfs()
        guard statvfs(place, &system) == 0 else { return nil }
        func bytes(_ blocks: UInt) -> Int {
            let (product, overflows) = Int(clamping: blocks).multipliedReportingOverflow(by: Int(clamping: system.f_frsize))
            return overflows ? .max : product
        }
        return FileSystem(device: UInt(status.st_dev), size: bytes(system.f_blocks), free: bytes(system.f_bavail))
    }

    /// More entries than any store of ours has are not counted: what is not seen is not taken for free.
    private static let mostEntries = 100_000

    /// The bytes on the disk of a folder with all in it, or of a file with those that SQLite keeps beside it.
    static func held(at path: String) -> Int {
        var left = mostEntries
        return ["", "-wal", "-shm"].reduce(0) { sum($0, held(path + $1, &left)) }
    }

    private static func held(_ path: String, _ left: inout Int) -> Int {
        var status = stat()
        guard left > 0, lstat(path, &status) == 0 else { return 0 }
        left -= 1
        var bytes = Int(status.st_blocks) * 512
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in Folder.names(in: path) { bytes = sum(bytes, held("\(path)/\(name)", &left)) }
        }
        return bytes
    }
}
