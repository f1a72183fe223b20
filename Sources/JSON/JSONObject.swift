/// The members of a JSON object in the order of the document. Keys are unique, by their bytes.
///
/// Small objects, nearly all that exist, are searched in order; from 17 members on a table of keys is kept.
public struct JSONObject: Sendable {
    public struct Member: Sendable {
        public var key: String
        public var value: JSON
        public init(key: String, value: JSON) {
            self.key = key
            self.value = value
        }
    }

    public private(set) var members: [Member]
    private var table: [ByteKey: Int]?
    private static let tableThreshold = 16

    public init() { members = [] }

    /// The members in order; of those with one key, the last value stays, in the first one's place (as in ECMAScript).
    public init(_ members: [Member]) {
        self.init()
        if members.count <= Self.tableThreshold, !Self.hasDuplicates(members) {
            // Nearly every object: taken over without a copy.
            self.members = members
            return
        }
        var places: [ByteKey: Int] = Dictionary(minimumCapacity: members.count)
        self.members.reserveCapacity(members.count)
        for member in members {
            let end = self.members.count
            // Asked once: hashing is the dearest part of a large object.
            let place = { (place: inout Int) in place }(&places[ByteKey(member.key), default: end])
            if place == end { self.members.append(member) } else { self.members[place].value = member.value }
        }
        if self.members.count > Self.tableThreshold { table = places }
    }

    private static func hasDuplicates(_ members: [Member]) -> Bool {
        for index in members.indices.dropFirst() {
            for earlier in 0..<index where members[earlier].key.hasSameBytes(as: members[index].key) { return true }
        }
        return false
    }

    public var count: Int { members.count }
    public var isEmpty: Bool { members.isEmpty }
    public var keys: some Sequence<String> { members.lazy.map(\.key) }

    public func index(of key: String) -> Int? {
        if let table { return table[ByteKey(key)] }
        return members.firstIndex { $0.key.hasSameBytes(as: key) }
    }

    /// Setting nil removes the member.
    public subscript(key: String) -> JSON? {
        get { index(of: key).map { members[$0].value } }
        set {
            switch (index(of: key), newValue) {
            case (let index?, let value?): members[index].value = value
            case (nil, let value?): append(Member(key: key, value: value))
            case (let index?, nil):
                members.remove(at: index)
                rebuildTable()
            case (nil, nil): break
            }
        }
    }

    private mutating func append(_ member: Member) {
        members.append(member)
        if table != nil {
            table?[ByteKey(member.key)] = members.count - 1
        } else if members.count > Self.tableThreshold {
            rebuildTable()
        }
    }

    private mutating func rebuildTable() {
        guard members.count > Self.tableThreshold else { return table = nil }
        var places: [ByteKey: Int] = Dictionary(minimumCapacity: members.count)
        for (place, member) in members.enumerated() { places[ByteKey(member.key)] = place }
        table = places
    }
}

extension JSONObject: Hashable {
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        // Order must not count, so the members' hashes are summed.
        var sum = 0
        for member in members { sum = sum &+ member.hashValue }
        hasher.combine(sum)
    }
}

extension JSONObject: Sequence {
    public func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements.map { Member(key: $0.0, value: $0.1) })
    }
}
