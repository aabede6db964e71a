using System.Text;
using System.Text.Json.Nodes;

namespace ZeroWorld.ML.Models.Tests;

/// <summary>Every field of the files of a package, absent, null and of each other kind: what is refused is refused by file and field, in no library's words.</summary>
public sealed class ManifestFaultTests : IDisposable
{
    private static readonly string[] Values = ["null", "1.5", "-7", "1e999", "99999999999999999999", "true", "\"x\"", "\"\"", "[]", "[null]", "[[1]]", "{}", "{\"x\":null}"];

    // What the reader of JSON says of itself.
    private static readonly string[] Foreign = ["System", "ZeroWorld", "constructor", "deserial", "annotat", "property", "non-nullable", "converted", "Path:", "BytePosition"];

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ReadManifest_AnyFieldOfAnotherKind_IsRefusedByFileAndField()
    {
        await SamplePackage.WriteAsync(_folder.Path);
        await SamplePackage.EditManifestAsync(_folder.Path, static manifest => manifest["padding"] = JsonNode.Parse("""{"rows":[8],"axes":[{"sizes":[2],"inputs":[{"tensor":"features","axis":1,"value":0}],"outputs":[{"tensor":"probability","axis":1}]}]}"""));

        var refused = await SpoilAsync(ModelPackage.ManifestFile, text => _ = ModelPackageReader.ReadManifest(Encoding.UTF8.GetBytes(text)));

        Assert.InRange(refused, 300, int.MaxValue);
    }

    [Fact]
    public async Task ReadAsync_AnyFieldOfGoldenSamplesAndReferencesOfAnotherKind_IsRefusedByFileAndField()
    {
        var package = await SamplePackage.WriteAsync(_folder.Path);
        foreach (var (file, read) in ((string, Func<Task>)[])
            [("golden.json", async () => await GoldenSamples.ReadAsync(package, Cancellation)), ("reference.json", async () => await ReferenceDistributions.ReadAsync(package, Cancellation))])
        {
            var refused = await SpoilAsync(file, text =>
            {
                File.WriteAllText(_folder.File(file), text);
                read().GetAwaiter().GetResult();
            });

            Assert.InRange(refused, 30, int.MaxValue);
        }
    }

    private async Task<int> SpoilAsync(string file, Action<string> read)
    {
        var whole = JsonNode.Parse(await File.ReadAllTextAsync(_folder.File(file), Cancellation))!;
        var (refused, wrong) = (0, new List<string>());
        foreach (var path in PathsOf(whole).ToList())
        {
            foreach (var value in Values.Prepend(null))
            {
                var text = Replace(whole.DeepClone(), path, value);
                try
                {
                    read(text);
                }
                catch (RegistryException exception)
                {
                    refused++;

                    // What is wrong with samples and references as a whole is told by their name.
                    var fields = path.Where(static step => !int.TryParse(step, out _));
                    string[] names = file == ModelPackage.ManifestFile ? [fields.Last()] : [.. fields, "sample 0", "'x'"];
                    if (!exception.Message.StartsWith(file, StringComparison.Ordinal) || !Array.Exists(names, name => exception.Message.Contains(name, StringComparison.Ordinal))
                        || Array.Exists(Foreign, word => exception.Message.Contains(word, StringComparison.OrdinalIgnoreCase)))
                    {
                        wrong.Add($"{string.Join('.', path)} = {value ?? "absent"}: {exception.Message}");
                    }
                }
#pragma warning disable CA1031 // Whatever else is thrown is what is looked for.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    wrong.Add($"{string.Join('.', path)} = {value ?? "absent"}: THROWS {exception.GetType().Name} {exception.Message}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        return refused;
    }

    private static IEnumerable<string[]> PathsOf(JsonNode? node) => node switch
    {
        JsonObject item => item.SelectMany(static part => PathsOf(part.Value).Prepend([]).Select(path => (string[])[part.Key, .. path])),
        JsonArray list => list.Index().SelectMany(static part => PathsOf(part.Item).Prepend([]).Select(path => (string[])[$"{part.Index}", .. path])),
        _ => [],
    };

    private static string Replace(JsonNode root, string[] path, string? value)
    {
        const string Mark = "\"@@\"";
        var owner = root;
        foreach (var step in path[..^1])
        {
            owner = owner is JsonArray list ? list[int.Parse(step, null)]! : owner[step]!;
        }

        if (owner is JsonArray items)
        {
            items.RemoveAt(int.Parse(path[^1], null));
            if (value is not null)
            {
                items.Insert(int.Parse(path[^1], null), "@@");
            }
        }
        else if (value is null)
        {
            owner.AsObject().Remove(path[^1]);
        }
        else
        {
            owner[path[^1]] = "@@";
        }

        return root.ToJsonString().Replace(Mark, value, StringComparison.Ordinal);
    }
}
