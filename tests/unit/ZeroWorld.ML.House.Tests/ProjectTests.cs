using System.Xml.Linq;

namespace ZeroWorld.ML.House.Tests;

public sealed class ProjectTests
{
    [Fact]
    public void Projects_AreAllInTheSolution()
    {
        var solution = HouseFiles.Read("ZeroWorld.ML.sln").Replace('\\', '/');

        // What is not in the solution is neither built nor tested by `dotnet test`.
        HouseAssert.NoBreaches(HouseFiles.Projects
            .Where(project => !solution.Contains($"\"{project}\"", StringComparison.Ordinal))
            .Select(project => $"{project} is not in the solution."));
    }

    [Fact]
    public void ProductProjects_AreTested()
    {
        string[] testProjects = [.. HouseFiles.Projects.Where(project => project.StartsWith("tests/", StringComparison.Ordinal) && project.EndsWith(".Tests.csproj", StringComparison.Ordinal))];
        var named = testProjects.Select(Path.GetFileNameWithoutExtension).ToHashSet(StringComparer.Ordinal);
        var referenced = testProjects.SelectMany(ProjectReferences).ToHashSet(StringComparer.Ordinal);

        var untested = HouseFiles.ProductProjects
            .Select(project => Path.GetFileNameWithoutExtension(project))
            .Where(name => !named.Contains($"{name}.Tests") && !referenced.Contains(name))
            .Select(name => $"{name} has no test project {name}.Tests and none that references it.");

        HouseAssert.NoBreaches(untested);
    }

    [Fact]
    public void UnitTestProjects_StandUnderTheNameOfWhatTheyTest()
    {
        var product = HouseFiles.ProductProjects.Select(project => Path.GetFileNameWithoutExtension(project)).Append("ZeroWorld.ML.House").ToHashSet(StringComparer.Ordinal);

        var strays = HouseFiles.Projects
            .Where(project => project.StartsWith("tests/unit/", StringComparison.Ordinal))
            .Select(project => Path.GetFileNameWithoutExtension(project)!)
            .Where(name => !name.EndsWith(".Tests", StringComparison.Ordinal) || !product.Contains(name[..^".Tests".Length]));

        HouseAssert.NoBreaches(strays.Select(name => $"{name} is no NAME.Tests of a product project."));
    }

    private static IEnumerable<string> ProjectReferences(string project) =>
        XDocument.Parse(HouseFiles.Read(project)).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));
}
