import CKernels

/// What the writer's thread does.
extension KVStore {
    func perform(_ job: BlockWriter.Job) {
        guard let disk else { return }
        if !disk.isWriter {
            if case .kill = job { return }
            // What another process wrote is not known here: its records are scanned before the first of our own.
            guard disk.tryBecomeWriter() else {
                if case .store(let key) = job { state.withLock { $0.tree.setQueued(key, false) } }
                return
            }
            adoptDisk(disk)
        }
        switch job {
        case .store(let key): store(key, disk)
        case .kill(let record): disk.kill(record)
        case .pins:
            let pins = state.withLock { $0.tree.pins.map(\.tip) }
            if !disk.writePins(pins) { state.withLock { $0.counts.writeFailures += 1 } }
        case .endOfRequest:
            if !disk.synchronize() { state.withLock { $0.counts.writeFailures += 1 } }
        }
    }

    private func store(_ key: BlockKey, _ disk: SegmentDirectory) {
        let job: (node: PrefixTree.Node, sequence: UInt64)? = state.withLock { state in
            guard let node = state.tree[key], node.record == nil else { return nil }
            return (node, state.tree.tick())
        }
        guard let (node, sequence) = job, let block = node.block else {
            return state.withLock { state in
                state.tree.setQueued(key, false)
                if job != nil { state.counts.droppedWrites += 1 }
            }
        }
        var layout = layout
        let length = ck_kv_prefix_bytes(&layout, Int64(node.tokens.count))
        guard makeDiskRoom(for: RecordLocation(segment: 0, offset: 0, length: length).extent, disk) else {
            return state.withLock { state in
                state.tree.setQueued(key, false)
                state.counts.droppedWrites += 1
            }
        }
        // A full block stands in memory as on disk.
        let gathered = node.isFull ? nil : UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 64)
        defer { gathered?.deallocate() }
        if let base = gathered?.baseAddress { ck_kv_gather(&layout, block.memory.base, base, Int64(node.tokens.count)) }
        let payload = gathered.map(UnsafeRawBufferPointer.init) ?? UnsafeRawBufferPointer(start: block.memory.base, count: length)
        let header = RecordHeader(
            namespace: namespace, key: key, parent: node.parent, sequence: sequence, start: node.start, tokens: node.tokens, payloadLength: length,
            payloadCRC: ck_crc32c(0, payload.baseAddress, length), isSideCall: node.isSideCall)
        do throws(RuntimeError) {
            let record = try disk.append(header, payload: payload)
            let isWanted = state.withLock { state in
                state.tree.setRecord(key, record)
                return state.tree[key] != nil
            }
            if !isWanted { disk.kill(record) }
        } catch {
            state.withLock { state in
                state.tree.setQueued(key, false)
                state.counts.writeFailures += 1
            }
        }
    }

    /// Leaves go, oldest first, until `extent` more bytes fit.
    private func makeDiskRoom(for extent: Int, _ disk: SegmentDirectory) -> Bool {
        while disk.bytes + extent > diskBytes {
            let oldest = state.withLock { state in
                let node = state.tree.removeOldestLeaf { $0.record != nil }
                if node != nil { state.counts.evictedBlocks += 1 }
                return node
            }
            guard let record = oldest?.record else { return false }
            disk.kill(record)
        }
        return true
    }

    /// Takes over what the disk holds now.
    func adoptDisk(_ disk: SegmentDirectory) {
        let (found, broken) = disk.scan()
        let live = Set(found.map(\.location))
        let nodes = found.map { record in
            PrefixTree.Node(
                key: record.header.key, parent: record.header.parent, start: record.header.start, tokens: record.header.tokens,
                isSideCall: record.header.isSideCall, block: nil, record: record.location, lastUse: record.header.sequence)
        }
        let pins = disk.readPins()
        let unwanted: [PrefixTree.Node] = state.withLock { state in
            state.counts.verifyFailures += broken
            for node in Array(state.tree.nodes.values) {
                guard let record = node.record, !live.contains(record) else { continue }
                if node.block == nil { _ = state.tree.removeSubtree(node.key) } else { state.tree.setRecord(node.key, nil) }
            }
            let (orphans, replaced) = state.tree.adopt(nodes, pins: pins, pinLimit: slots)
            let trimmed = state.tree.trimSlots(limit: slots, sideLimit: sideSlots)
            return orphans + replaced + trimmed
        }
        for record in unwanted.compactMap(\.record) where disk.isWriter { disk.kill(record) }
    }
}
