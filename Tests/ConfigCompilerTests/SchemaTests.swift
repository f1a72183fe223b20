import ConfigCompiler
import Diagnostics
import JSON
import Testing

@Suite struct SchemaTests {
    @Test func theSchemaHasEveryKey() throws {
        let schema = SchemaDocument.draft07()
        #expect(schema["$schema"] == "http://json-schema.org/draft-07/schema#")
        for path in Explanation.allKeys {
            var place: JSON? = schema
            for part in path.split(separator: ".") {
                let isList = part.hasSuffix("[]")
                let name = String(isList ? part.dropLast(2) : part)
                if name == "*" {
                    place = schema["definitions"]?["backend"]
                } else {
                    let object = place?["properties"] == nil ? place?["anyOf"]?.arrayValue?.last : place
                    place = object?["properties"]?[name]
                }
                if isList { place = place?["items"] }
            }
            #expect(place?["description"] != nil || path.hasSuffix("*"), "\(path)")
        }
    }

    @Test func theSchemaIsTheSameEachTime() {
        #expect(SchemaDocument.draft07().bytes == SchemaDocument.draft07().bytes)
    }
}
