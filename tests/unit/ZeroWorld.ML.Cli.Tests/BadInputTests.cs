using System.Net;
using System.Net.Sockets;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>Wrong input ends with a sentence on standard error and an exit code; never with a stack trace.</summary>
public sealed class BadInputTests : IDisposable
{
    private const string Header = "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD";

    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Demo_FileThatIsNotThere_NamesIt()
    {
        await AssertFailsAsync(1, ["There is no transactions file 'nothing.csv'"], DemoOf("nothing.csv"));
    }

    [Theory]
    [InlineData("1,2018-04-01 00:02:10,1,2,abc,0", "TX_AMOUNT", "'abc'")]
    [InlineData("1,2018-04-01 00:02:10,,2,5,0", "CUSTOMER_ID", "there is no value")]
    [InlineData("1,2018-04-01 00:02:10,1,,5,0", "TERMINAL_ID", "there is no value")]
    public async Task Demo_MalformedRow_NamesFileLineColumnAndValue(string row, string column, string value)
    {
        File.WriteAllLines(Path.Combine(_folder.Path, "bad.csv"), [Header, "0,2018-04-01 00:00:31,1,2,57.16,0", row]);

        await AssertFailsAsync(1, ["bad.csv", "line 3", column, value], DemoOf("bad.csv"));
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "data", "offline", "default", "transactions")));
    }

    [Fact]
    public async Task Demo_MissingColumn_NamesIt()
    {
        File.WriteAllLines(Path.Combine(_folder.Path, "short.csv"), ["TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TX_AMOUNT,TX_FRAUD", "0,2018-04-01 00:00:31,1,57.16,0"]);

        await AssertFailsAsync(1, ["short.csv", "TERMINAL_ID"], DemoOf("short.csv"));
    }

    [Fact]
    public async Task Demo_TooFewDays_SaysHowManyAreNeeded()
    {
        File.WriteAllLines(Path.Combine(_folder.Path, "few.csv"), [Header, "0,2018-04-01 00:00:31,1,2,57.16,0", "1,2018-04-02 00:02:10,1,2,5,1"]);

        await AssertFailsAsync(1, ["expected at least 21"], DemoOf("few.csv"));
    }

    [Fact]
    public async Task Demo_TakenPort_NamesPortAndSetting()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        await AssertFailsAsync(
            1, [$"Port {port} is taken", "Server:GrpcPort"],
            ["demo", "--exit", "--data", "data", "--http-port", "0", "--metrics-port", "0", "--grpc-port", $"{port}"]);
    }

    [Fact]
    public async Task Apply_Typo_NamesFileLineAndColumn()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "views.yaml"), "version: 1\nentities:\n  - name: customer\n    kys:\n      - { name: customer_id, type: int64 }\n");

        await AssertFailsAsync(1, ["views.yaml:4:5", "kys"], ["apply", "views.yaml", "--data", "data"]);
    }

    [Fact]
    public async Task TrainingSet_KeyOrValueThatTheServiceDoesNotHave_IsToldWithThoseItHas()
    {
        File.WriteAllText(
            Path.Combine(_folder.Path, "views.yaml"),
            """
            version: 1
            entities: [{ name: e, keys: [{ name: k, type: int64 }] }]
            feature_views: [{ name: v, entity: e, source: { table: t, event_time: at }, features: [{ name: a, type: float64 }] }]
            feature_services: [{ name: s, features: [v.a] }]
            """);
        Assert.Equal(0, (await ZwmlProcess.RunAsync(_folder.Path, "apply", "views.yaml", "--data", "data")).ExitCode);

        await AssertFailsAsync(
            2, ["--key 'kk=id': the service has no 'kk'; expected one of k."],
            ["features", "training-set", "s", "--spine", "x.parquet", "--key", "kk=id", "--out", "o.parquet", "--data", "data"]);
        await AssertFailsAsync(
            2, ["--value 'amount=a': the service has no 'amount'; expected none, since it takes none."],
            ["features", "training-set", "s", "--spine", "x.parquet", "--value", "amount=a", "--out", "o.parquet", "--data", "data"]);
    }

    [Fact]
    public async Task Demo_NoRedisThere_SaysSoBeforeAnyWork()
    {
        await AssertFailsAsync(
            1, ["127.0.0.1:1", "Online:Redis"],
            ["demo", "--exit", "--redis", "127.0.0.1:1", "--data", "data", "--http-port", "0", "--grpc-port", "0", "--metrics-port", "0"]);
    }

    [Fact]
    public async Task Predict_NoDataDirectory_SaysHowToMakeOne()
    {
        await AssertFailsAsync(1, ["is no data directory", "zwml demo"], ["predict", "fraud", "--entity", "customer_id=1", "--data", "data"]);
    }

    [Fact]
    public async Task Predict_EntityWithoutValue_IsAUsageError()
    {
        await AssertFailsAsync(2, ["--entity 'customer_id' is not NAME=VALUE"], ["predict", "fraud", "--entity", "customer_id", "--data", "data"]);
    }

    [Fact]
    public async Task Train_UnknownAlgorithm_NamesTheKnownOnes()
    {
        await AssertFailsAsync(2, ["'svd' is unknown", "als, ease"], ["train", "recommendation", "--table", "r.csv", "--user", "u", "--item", "i", "--algorithm", "svd"]);
    }

    [Fact]
    public async Task Train_MissingColumn_NamesTheColumnsThatAreThere()
    {
        File.WriteAllLines(Path.Combine(_folder.Path, "r.csv"), ["user,item", "ann,a"]);

        await AssertFailsAsync(1, ["r.csv has no column 'movie'", "'user', 'item'"], ["train", "recommendation", "--table", "r.csv", "--user", "user", "--item", "movie"]);
    }

    [Fact]
    public async Task Review_NoFolder_NamesIt()
    {
        await AssertFailsAsync(2, ["there is no folder 'nothing'"], ["review", "list", "-o", "nothing"]);
    }

    [Theory]
    [InlineData("apply views.yaml --dta data", "There is no option '--dta' here. Did you mean '--data'? Expected one of --")]
    [InlineData("predict fraud --tme now", "There is no option '--tme' here. Did you mean '--time'?")]
    [InlineData("predict fraud -q", "There is no option '-q' here. Expected one of --entity")]
    [InlineData("dmeo", "There is no command 'dmeo' here. Did you mean 'demo'? Expected one of demo, serve")]
    [InlineData("train tables", "There is no command 'tables' here. Expected one of recommendation, fraud")]
    [InlineData("replay one two", "'two' is one value too many. The command is 'zwml replay <prediction-id>'")]
    [InlineData("replay -- --one --two", "'--two' is one value too many.")]
    [InlineData("serve --http-port many", "Option '--http-port' has the value 'many'; expected a whole number.")]
    [InlineData("review list --limit 0 -o nothing", "--limit is 0; expected 1 or more.")]
    [InlineData("runs list --count", "Option '--count' has no value; expected a whole number. The command is 'zwml runs list'")]
    [InlineData("train fraud --table a --label b --time c --entity d --split rows", "Option '--split' has the value 'rows'; expected one of Time, Entity.")]
    [InlineData("train fraud --table a --label b", "Option '--time' is required. Option '--entity' is required. The command is 'zwml train fraud'")]
    public async Task Command_Wrong_IsOneSentenceAndNoHelp(string command, string sentence)
    {
        var (code, output, error) = await ZwmlProcess.RunAsync(_folder.Path, command.Split(' '));

        // A terminal that is not there has lines of 80 letters or more.
        Assert.Equal(2, code);
        Assert.Contains(sentence, error.ReplaceLineEndings("").Replace("  ", " ", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Empty(output);
    }

    public void Dispose() => _folder.Dispose();

    private static string[] DemoOf(string file) =>
        ["demo", "--exit", "--transactions", file, "--data", "data", "--http-port", "0", "--grpc-port", "0", "--metrics-port", "0"];

    private async Task AssertFailsAsync(int exitCode, string[] expected, string[] arguments)
    {
        var (code, output, error) = await ZwmlProcess.RunAsync(_folder.Path, arguments);

        Assert.True(code == exitCode, $"Exit code {code}; expected {exitCode}. Output: {output} Error: {error}");
        Assert.All(expected, text => Assert.Contains(text, error, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", error + output, StringComparison.Ordinal);
    }
}
