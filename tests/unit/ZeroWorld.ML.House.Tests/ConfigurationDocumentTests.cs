using System.Text.RegularExpressions;

namespace ZeroWorld.ML.House.Tests;

/// <summary>docs/operations/configuration.md against the options classes that the configuration binds.</summary>
public sealed partial class ConfigurationDocumentTests
{
    private const string Document = "docs/operations/configuration.md";
    private const string Schema = "serving/ZeroWorld.ML.Hosting/Configuration/ConfigurationSchema.cs";

    [Fact]
    public void Document_ListsEverySettingAndNoOther()
    {
        var documented = Row().Matches(HouseFiles.Read(Document)).Select(row => row.Groups["key"].Value).ToArray();
        var existing = BoundSettings().ToArray();

        HouseAssert.NoBreaches(
        [
            .. existing.Except(documented).Select(key => $"{Document} lacks the setting {key}."),
            .. documented.Except(existing).Select(key => $"{Document} lists {key}, which {Schema} does not bind."),
            .. documented.CountBy(key => key).Where(count => count.Value > 1).Select(count => $"{Document} lists {count.Key} twice."),
        ]);
        Assert.NotEmpty(existing);
    }

    private static IEnumerable<string> BoundSettings()
    {
        // The composition sets these itself: nobody else can.
        var derived = DerivedSetting().Matches(HouseFiles.Read(Schema)).Select(match => (match.Groups["type"].Value, match.Groups["name"].Value)).ToHashSet();
        foreach (var type in BoundType().Matches(HouseFiles.Read(Schema)).Select(match => match.Groups["type"].Value))
        {
            var source = HouseFiles.Read(HouseFiles.All.Single(file => HouseFiles.IsProduct(file) && file.EndsWith($"/{type}.cs", StringComparison.Ordinal)));
            var section = SectionConstant().Match(source).Groups["section"].Value;
            foreach (var name in SettableProperty().Matches(source).Select(property => property.Groups["name"].Value).Where(name => !derived.Contains((type, name))))
            {
                yield return section.Length == 0 ? name : $"{section}:{name}";
            }
        }
    }

    [GeneratedRegex(@"^\| `(?<key>[A-Za-z0-9:]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"typeof\((?<type>\w+Options)\)")]
    private static partial Regex BoundType();

    [GeneratedRegex(@"\{(?<type>\w+Options)\.Section\}:\{nameof\(\w+\.(?<name>\w+)\)\}")]
    private static partial Regex DerivedSetting();

    [GeneratedRegex("const string Section = \"(?<section>[^\"]*)\"")]
    private static partial Regex SectionConstant();

    [GeneratedRegex(@"public [\w?]+ (?<name>\w+) \{ get; set; \}")]
    private static partial Regex SettableProperty();
}
