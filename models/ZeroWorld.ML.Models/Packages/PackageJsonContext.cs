using System.Text.Json.Serialization;

namespace ZeroWorld.ML.Models;

/// <summary>How the files of a package map to records: snake_case, nothing unknown, nothing twice.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    Converters = [typeof(Rfc3339Converter)])]
[JsonSerializable(typeof(ModelManifest))]
[JsonSerializable(typeof(GoldenFile))]
[JsonSerializable(typeof(ReferenceDistributions))]
internal sealed partial class PackageJsonContext : JsonSerializerContext;
