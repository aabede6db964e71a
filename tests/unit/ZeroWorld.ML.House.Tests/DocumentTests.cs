using System.Text.RegularExpressions;

namespace ZeroWorld.ML.House.Tests;

public sealed partial class DocumentTests
{
    /// <summary>Names in documents that look like types of this project and are somebody else's.</summary>
    private static readonly HashSet<string> ForeignNames = new(StringComparer.Ordinal)
    {
        "TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor", "TimeProvider", "DateTimeOffset", "TimeSpan",
    };

    public static TheoryData<string> Documents =>
        [.. HouseFiles.All.Where(file => file is "README.md" or "docs/glossary.md" || (file.StartsWith("docs/concepts/", StringComparison.Ordinal) && file.EndsWith(".md", StringComparison.Ordinal)))];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Document_TypesInBackticks_Exist(string document)
    {
        var declared = DeclaredNames();

        var missing = TypesIn(HouseFiles.Read(document)).Where(name => !declared.Contains(name) && !ForeignNames.Contains(name));

        HouseAssert.NoBreaches(missing.Select(name => $"{document} names the type {name}, which does not exist."));
    }

    [Fact]
    public void TypesIn_TakesPascalCaseNamesOfTwoPartsOutsideBlocks()
    {
        const string Text =
            """
            `FeatureView` and `IOnlineStore.ReadAsync`, `List<ModelName>`; not `Model`, `TX_AMOUNT`, `fraud`, FreeText or `-p:Accelerator=cuda`.
            ```sh
            echo `NotThis`
            ```
            """;

        Assert.Equal(["FeatureView", "IOnlineStore", "ModelName"], TypesIn(Text).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Documents_LinksToFiles_Lead()
    {
        var broken =
            from document in HouseFiles.All.Where(file => file.EndsWith(".md", StringComparison.Ordinal))
            from Match link in Link().Matches(WithoutBlocks(HouseFiles.Read(document)))
            let target = link.Groups["target"].Value
            where !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#') && !target.StartsWith("mailto:", StringComparison.Ordinal)
            let path = Path.Combine(HouseRoot.Path, Path.GetDirectoryName(document)!, target.Split('#')[0])
            where !Path.Exists(path)
            select $"{document} links to {target}, which does not exist.";

        HouseAssert.NoBreaches(broken);
    }

    [Fact]
    public void Readme_ShellCommands_AreRunByContinuousIntegration()
    {
        var script = HouseFiles.Read(".ci/run");
        string[] commands =
        [
            .. ShellBlock().Matches(HouseFiles.Read("README.md"))
                .SelectMany(block => block.Groups["body"].Value.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                .Select(line => line.Split(" #")[0].TrimEnd())
                .Where(line => line[0] != '#'),
        ];

        HouseAssert.NoBreaches(commands
            .Where(command => !script.Contains(command, StringComparison.Ordinal))
            .Select(command => $"README.md has '{command}' in an `sh` block and .ci/run does not run it; a block that is only shown is marked `console`."));
    }

    private static IEnumerable<string> TypesIn(string text) =>
        CodeSpan().Matches(WithoutBlocks(text))
            .SelectMany(span => CodeName().Matches(span.Groups["code"].Value))
            .Select(name => name.Value)
            .Distinct(StringComparer.Ordinal);

    private static string WithoutBlocks(string text) => AnyBlock().Replace(text, "");

    /// <summary>Types of the product's sources, and messages, services, enums and methods of its protos.</summary>
    private static HashSet<string> DeclaredNames() =>
    [
        .. HouseFiles.All
            .Where(file => HouseFiles.IsProduct(file) && file.EndsWith(".cs", StringComparison.Ordinal))
            .SelectMany(file => TypeDeclaration().Matches(HouseFiles.Read(file)))
            .Concat(HouseFiles.All.Where(file => file.EndsWith(".proto", StringComparison.Ordinal)).SelectMany(file => ProtoDeclaration().Matches(HouseFiles.Read(file))))
            .Select(declaration => declaration.Groups["name"].Value),
    ];

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex AnyBlock();

    [GeneratedRegex("^```(sh|bash|shell)\n(?<body>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ShellBlock();

    [GeneratedRegex("`(?<code>[^`\n]+)`")]
    private static partial Regex CodeSpan();

    // Not behind a dot (a member or a namespace), a dash, a slash, a colon or an underscore; two humps or more.
    [GeneratedRegex(@"(?<![\w.\-/:])(I?[A-Z][a-z0-9]+){2,}\b(?![\w\-/])")]
    private static partial Regex CodeName();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\b(class|struct|record|interface|enum|delegate \w+)\s+(?<name>[A-Z]\w*)")]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"^\s*(message|service|enum|rpc)\s+(?<name>[A-Z]\w*)", RegexOptions.Multiline)]
    private static partial Regex ProtoDeclaration();
}
