import Glibc
import JSON
import Testing

@testable import Checkpoint

struct ModelFilesTests {
    @Test func aFolderIsMeasuredByItsFiles() throws {
        let builder = try CheckpointBuilder()
        try builder.writeAll()
        try builder.write("not counted", "tokenizer.json")
        let files = try #require(ModelFiles(path: builder.directory))
        let checkpoint = try Checkpoint(directory: builder.directory)
        #expect(files.kvBytesPerToken == checkpoint.kvBytesPerToken())
        #expect(files.maxPositions == 1024)
        #expect(try #require(files.weightBytes) > checkpoint.weightBytes, "headers are a part of the file")
        let one = try #require(files.weightBytes)
        try builder.write(CheckpointBuilder.safetensors(builder.tensors), "second.safetensors")
        #expect(ModelFiles(path: builder.directory)?.weightBytes == 2 * one)
    }

    @Test func aGGUFFileIsItsOwnSize() throws {
        let builder = try CheckpointBuilder()
        try builder.write([UInt8](repeating: 0, count: 1234), "m.gguf")
        #expect(ModelFiles(path: "\(builder.directory)/m.gguf")?.weightBytes == 1234)
        #expect(ModelFiles(path: builder.directory)?.weightBytes == 1234)
        #expect(ModelFiles(path: builder.directory)?.kvBytesPerToken == nil)
        #expect(ModelFiles(path: "\(builder.directory)/none") == nil)
    }

    @Test func theHubsFolderIsFollowedToItsSnapshot() throws {
        let builder = try CheckpointBuilder()
        try builder.writeAll()
        let hub = try CheckpointBuilder()
        #expect(mkdir("\(hub.directory)/refs", 0o700) == 0 && mkdir("\(hub.directory)/snapshots", 0o700) == 0)
        try hub.write("abc123\n", "refs/main")
        #expect(symlink(builder.directory, "\(hub.directory)/snapshots/abc123") == 0)
        #expect(ModelFiles(path: hub.directory) == ModelFiles(path: builder.directory))
        try hub.write("../../etc", "refs/main")
        #expect(ModelFiles(path: hub.directory)?.weightBytes == nil)
        for name in ["refs/main", "snapshots/abc123"] { unlink("\(hub.directory)/\(name)") }
        for name in ["refs", "snapshots"] { rmdir("\(hub.directory)/\(name)") }
    }

    @Test func contextsOfOtherArchitectures() throws {
        func shape(_ text: String) throws -> ContextShape { ContextShape(try JSON(parsing: text)) }
        let plain = #""num_hidden_layers": 4, "num_attention_heads": 8, "hidden_size": 512"#
        #expect(try shape("{\(plain)}").kvBytesPerToken == 2 * 4 * 8 * 64 * 2)
        #expect(try shape("{\(plain), \"num_key_value_heads\": 2, \"head_dim\": 128}").kvBytesPerToken == 2 * 4 * 2 * 128 * 2)
        #expect(try shape("{\(plain), \"torch_dtype\": \"float32\"}").kvBytesPerToken == 2 * 4 * 8 * 64 * 4)
        #expect(try shape("{\"text_config\": {\(plain)}}").kvBytesPerToken == 2 * 4 * 8 * 64 * 2)
        let kinds = #""layer_types": ["linear_attention", "full_attention", "linear_attention", "sliding_attention"]"#
        #expect(try shape("{\(plain), \(kinds)}").kvBytesPerToken == 2 * 2 * 8 * 64 * 2)
        #expect(try shape("{\(plain), \"kv_lora_rank\": 512}").kvBytesPerToken == nil)
        for text in ["{}", "[]", "{\"num_hidden_layers\": -1}", "{\"num_hidden_layers\": 1e30}", "{\(plain), \"head_dim\": 1073741824}"] {
            #expect(try shape(text).kvBytesPerToken == nil, "\(text)")
        }
    }

    @Test func theRuntimeHoldsAsManyContextsAsThereIsRoomFor() {
        #expect(ContextRoom.blocks(window: 4, batch: 8, blockBytes: 100, room: nil) == 32)
        #expect(ContextRoom.blocks(window: 4, batch: 8, blockBytes: 100, room: 1050) == 10)
        #expect(ContextRoom.blocks(window: 4, batch: 8, blockBytes: 100, room: 0) == 4)
        #expect(ContextRoom.blocks(window: 4, batch: 8, blockBytes: 100, room: -5) == 4)
        #expect(ContextRoom.blocks(window: .max, batch: 8, blockBytes: 100, room: nil) == .max)
    }
}
