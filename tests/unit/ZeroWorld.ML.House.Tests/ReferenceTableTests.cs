using System.Xml.Linq;

namespace ZeroWorld.ML.House.Tests;

public sealed class ReferenceTableTests
{
    private static readonly string[] Folders = ["models", "features", "serving", "training", "pipelines", "gpu-nodes"];

    public static TheoryData<string> ProjectFiles =>
    [
        .. Folders
            .Select(folder => Path.Combine(HouseRoot.Path, folder))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.csproj", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(HouseRoot.Path, file))
            .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(ProjectFiles))]
    public void ProjectFile_References_AreInTheTable(string file)
    {
        var table = ReferenceTable.Read(File.ReadLines(Path.Combine(AppContext.BaseDirectory, "reference-table.txt")));
        var project = XDocument.Load(Path.Combine(HouseRoot.Path, file));

        var breaches = table.FindBreaches(
            Path.GetFileNameWithoutExtension(file),
            Includes(project, "ProjectReference").Select(include => Path.GetFileNameWithoutExtension(include.Replace('\\', '/'))),
            Includes(project, "PackageReference"));

        HouseAssert.NoBreaches(breaches);
    }

    [Fact]
    public void FindBreaches_UnknownProjectReference_IsNamed()
    {
        var table = ReferenceTable.Read(["A -> | P", "B -> A |"]);

        Assert.Empty(table.FindBreaches("B", ["A"], ["Microsoft.Extensions.Options"]));
        Assert.Equal(["B must not reference the project C."], table.FindBreaches("B", ["A", "C"], []));
        Assert.Equal(["B must not reference the package P."], table.FindBreaches("B", [], ["P"]));
        Assert.Equal(["C is not in the reference table."], table.FindBreaches("C", [], []));
    }

    [Fact]
    public void FindBreaches_Dots_AllowEveryProjectAboveOnly()
    {
        var table = ReferenceTable.Read(["A -> |", "B -> ... |", "C -> |"]);

        Assert.Empty(table.FindBreaches("B", ["A"], []));
        Assert.Single(table.FindBreaches("B", ["C"], []));
    }

    [Fact]
    public void TopLevelFolders_AreThoseOfTheDesign()
    {
        string[] expected = [".ci", "docs", "features", "gpu-nodes", "models", "pipelines", "serving", "tests", "training"];
        string[] generated = [".git", ".zeroworld", "artifacts", "BenchmarkDotNet.Artifacts", "TestResults", ".vs", ".idea", ".vscode"];

        var folders = Directory.EnumerateDirectories(HouseRoot.Path).Select(Path.GetFileName).Except(generated).Order(StringComparer.Ordinal);

        Assert.Equal(expected, folders);
    }

    private static IEnumerable<string> Includes(XDocument project, string element) =>
        project.Descendants(element).Select(item => item.Attribute("Include")!.Value);
}
