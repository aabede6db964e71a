namespace ZeroWorld.ML.Features.Tests;

public sealed class DefinitionRegistryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DefinitionSet _valid = DefinitionTexts.Load(DefinitionTexts.Valid);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Apply_NewProject_IsReadBackTheSame()
    {
        var plan = Registry().Apply(_valid, []);

        Assert.All(plan.Changes, static change => Assert.Equal(DefinitionChangeKind.Added, change.Change));
        var read = Registry().Get("shop");
        Assert.False(Registry().Plan(read).HasChanges);
        Assert.Equal(_valid.Files, read.Files);
        Assert.Equal(_valid.Services.Select(DefinitionFingerprint.CanonicalJson), read.Services.Select(DefinitionFingerprint.CanonicalJson));
        Assert.Equal(_valid.Views.Select(DefinitionFingerprint.Of), read.Views.Select(DefinitionFingerprint.Of));
        Assert.Equal(_valid.Entities.Select(DefinitionFingerprint.Of), read.Entities.Select(DefinitionFingerprint.Of));
        Assert.Equal(["shop"], Registry().ListProjects());
        Assert.Equal(["shop.json"], Directory.EnumerateFiles(Path.Combine(_folder.Path, "definitions")).Select(Path.GetFileName));
    }

    [Fact]
    public void Apply_FileThatCannotBeWritten_IsUnavailableAndChangesNothing()
    {
        Registry().Apply(_valid, []);
        Directory.CreateDirectory(Path.Combine(_folder.Path, "definitions", "shop.json.tmp"));
        var other = DefinitionTexts.Load(DefinitionTexts.Valid.Replace("ttl: 30d", "ttl: 31d", StringComparison.Ordinal));

        var exception = Assert.Throws<FeatureException>(() => Registry().Apply(other, []));

        Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
        Assert.Contains("The definitions of project 'shop' cannot be stored", exception.Message, StringComparison.Ordinal);
        Assert.Equal(_valid.Files, Registry().Get("shop").Files);
    }

    [Fact]
    public void Apply_FileThatCannotBeReplaced_LeavesNothingBehind()
    {
        var taken = Directory.CreateDirectory(Path.Combine(_folder.Path, "definitions", "shop.json")).FullName;

        var exception = Assert.Throws<FeatureException>(() => Registry().Apply(_valid, []));

        Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
        Assert.Equal([taken], Directory.GetFileSystemEntries(Path.GetDirectoryName(taken)!));
    }

    [Fact]
    public void Plan_ChangedViews_AreToldApart()
    {
        Registry().Apply(_valid, []);
        var other = DefinitionTexts.Load(DefinitionTexts.Valid
            .Replace("ttl: 30d", "ttl: 31d", StringComparison.Ordinal)
            .Replace("A card holder.", "Somebody.", StringComparison.Ordinal)
            .Replace("feature_services:\n", """
              - name: visits
                entity: customer
                source: { table: visits, event_time: t }
                features: [{ name: page, type: string }]
            feature_services:

            """, StringComparison.Ordinal)
            .Replace("  - name: fraud", "  - name: fraud_2", StringComparison.Ordinal));

        var plan = Registry().Plan(other);

        Assert.Equal(
            [
                "Entity customer Unchanged", "View profile Changed", "View spending Unchanged", "View visits Added",
                "Service fraud Removed", "Service fraud_2 Added",
            ],
            plan.Changes.Select(static change => $"{change.Kind} {change.Name} {change.Change}"));
        Assert.True(plan.HasChanges);
        Assert.Equal(_valid.Services[0].Fingerprint, plan.Changes[4].Before);
        Assert.Null(plan.Changes[4].After);
    }

    [Theory]
    [InlineData("ttl: 30d", "ttl: 31d", "would change to fingerprint")]
    [InlineData("  - name: fraud", "  - name: fraud_2", "would be removed")]
    public void Apply_WhatWouldBreakAModel_IsRefusedAndChangesNothing(string before, string after, string expected)
    {
        Registry().Apply(_valid, []);
        var other = DefinitionTexts.Load(DefinitionTexts.Valid.Replace(before, after, StringComparison.Ordinal));
        PinnedService[] pins =
        [
            new("fraud", _valid.Services[0].Fingerprint, "fraud version 3"),
            new("fraud", new string('0', 64), "fraud version 1"),
            new("other", new string('1', 64), "other version 1"),
        ];

        var exception = Assert.Throws<FeatureException>(() => Registry().Apply(other, pins));

        Assert.Equal(FeatureError.Incompatible, exception.Error);
        Assert.StartsWith($"Feature service 'fraud' {expected}", exception.Message, StringComparison.Ordinal);
        Assert.Contains("model fraud version 3 pins it", exception.Message, StringComparison.Ordinal);
        Assert.Matches("and of its columns these are touched: '[a-z0-9_]+' [(]would (go|change|be new)[)]", exception.Message);
        Assert.DoesNotContain("version 1", exception.Message, StringComparison.Ordinal);
        Assert.False(Registry().Plan(_valid).HasChanges);
    }

    [Fact]
    public void Apply_ChangeOfPinnedServiceThatLeavesItsColumns_SaysWhatDiffers()
    {
        Registry().Apply(_valid, []);
        PinnedService[] pins = [new("fraud", _valid.Services[0].Fingerprint, "fraud version 3")];
        var ttl = DefinitionTexts.Load(DefinitionTexts.Valid.Replace("ttl: 30d", "ttl: 31d", StringComparison.Ordinal));
        var order = DefinitionTexts.Load(DefinitionTexts.Valid.Replace("- amount\n      - is_night\n", "- is_night\n      - amount\n", StringComparison.Ordinal));

        var other = Assert.Throws<FeatureException>(() => Registry().Apply(ttl, pins));
        var swapped = Assert.Throws<FeatureException>(() => Registry().Apply(order, pins));

        Assert.Contains(".ttl: 30d -> 31d, but model", other.Message, StringComparison.Ordinal);
        Assert.Contains(" by columns: another order, but model", swapped.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("these are touched", swapped.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_OneFeatureOfAPinnedView_TouchesTheColumnsMadeOfItAlone()
    {
        const string Yaml = """
            version: 1
            entities: [{ name: account, keys: [{ name: account_id, type: int64 }] }]
            feature_views:
              - { name: balances, entity: account, source: { table: balances, event_time: at }, features: [{ name: amount, type: float64 }, { name: country, type: string }] }
            feature_services:
              - name: transfer
                aliases: [{ name: sender, entity: account, keys: { account_id: sender_id } }]
                features: [sender.balances.*, balances.*]
            """;
        var set = DefinitionTexts.Load(Yaml);
        Registry().Apply(set, []);
        PinnedService[] pins = [new("transfer", set.Services[0].Fingerprint, "transfer version 1")];
        var changed = DefinitionTexts.Load(Yaml.Replace("type: float64", "type: int64", StringComparison.Ordinal));

        var exception = Assert.Throws<FeatureException>(() => Registry().Apply(changed, pins));

        Assert.EndsWith(
            "and of its columns these are touched: 'sender_amount' (would change), 'amount' (would change); "
            + "expected it to stay as it is, and what is new to have another name: a service, and a view where one changes. "
            + "A version that is out of use pins nothing once it is retired: zwml models retire MODEL VERSION.",
            exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name: amount, type: float64", "name: amount, type: int64", "'amount', 'share', 'twice'")]
    [InlineData("name: rate, type: float64", "name: rate, type: float64, default: 1", "'spent', 'share', 'twice', 'total'")]
    [InlineData("name: note, type: string", "name: note, type: string, default: none", "'label'")]
    [InlineData("amount / rate", "amount * rate", "'share', 'twice'")]
    [InlineData("mean_amount + rate", "mean_amount - rate", "'total'")]
    [InlineData("of: price, window: 7d", "of: price, window: 8d", "'mean_amount', 'total'")]
    public void Apply_InputOfATransform_TouchesTheColumnsThatItsTransformsMake(string before, string after, string columns)
    {
        const string Yaml = """
            version: 1
            entities: [{ name: account, keys: [{ name: account_id, type: int64 }] }]
            feature_views:
              - { name: balances, entity: account, source: { table: balances, event_time: at }, features: [{ name: amount, type: float64 }] }
              - { name: owners, entity: account, source: { table: owners, event_time: at }, features: [{ name: rate_note, type: string }] }
              - name: spending
                entity: account
                source: { table: payments, event_time: at, event_id: id }
                window: { precision: exact, include_request: { price: rate }, max_events: 16 }
                features: [{ name: spent, aggregate: sum, of: price, window: 1d }]
              - name: means
                entity: account
                source: { table: payments, event_time: at, event_id: id }
                window: { precision: exact, max_events: 16 }
                features: [{ name: mean_amount, aggregate: mean, of: price, window: 7d }]
            feature_services:
              - name: transfer
                request: [{ name: rate, type: float64 }, { name: note, type: string }]
                transforms:
                  - { name: hidden, type: float64, expression: amount / rate }
                  - { name: share, type: float64, expression: hidden * 100 }
                  - { name: twice, type: float64, expression: share * 2 }
                  - { name: total, type: float64, expression: mean_amount + rate }
                  - { name: label, type: bool, expression: "note = 'it''s amount or rate_note'" }
                features: [balances.*, spending.*, means.*, owners.*, share, twice, total, label]
            """;
        var set = DefinitionTexts.Load(Yaml);
        Registry().Apply(set, []);
        Assert.Contains(before, Yaml, StringComparison.Ordinal);
        PinnedService[] pins = [new("transfer", set.Services[0].Fingerprint, "transfer version 1")];

        var exception = Assert.Throws<FeatureException>(() => Registry().Apply(DefinitionTexts.Load(Yaml.Replace(before, after, StringComparison.Ordinal)), pins));

        Assert.Contains(
            $"these are touched: {columns.Replace("',", "' (would change),", StringComparison.Ordinal)} (would change); expected it to stay", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ttl: 30d", "ttl: 31d", 1)]
    [InlineData("A card holder.", "Somebody.", 0)]
    public void FindLeftBehind_RetiredModels_NamesThoseWhoseServiceEnds(string before, string after, int count)
    {
        Registry().Apply(_valid, []);
        PinnedService[] retired = [new("fraud", _valid.Services[0].Fingerprint, "fraud version 2"), new("fraud", new string('0', 64), "fraud version 1")];

        var notes = Registry().Plan(DefinitionTexts.Load(DefinitionTexts.Valid.Replace(before, after, StringComparison.Ordinal))).FindLeftBehind(retired);

        Assert.Equal(count, notes.Count);
        Assert.All(notes, note => Assert.Contains($"was what the retired model fraud version 2 was trained with", note, StringComparison.Ordinal));
    }

    [Fact]
    public void Plan_Changes_SayWhatDiffersAndWhichColumnsItTouches()
    {
        Registry().Apply(_valid, []);
        var view = _valid.Views.OfType<LastValueView>().First();
        var changed = view with { TimeToLive = TimeSpan.FromHours(36), Features = [.. view.Features.Skip(1)] };
        var before = DefinitionFingerprint.CanonicalJson(view);

        var lines = DefinitionDifference.Between(before, DefinitionFingerprint.CanonicalJson(changed));

        Assert.Contains(lines, static line => line.StartsWith("ttl: ", StringComparison.Ordinal) && line.EndsWith(" -> 36h", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith($"features[{view.Features[0].Field.Name}]: (", StringComparison.Ordinal) && line.EndsWith(" -> (none)", StringComparison.Ordinal));
        Assert.Equal(2, lines.Count);
        Assert.Empty(DefinitionDifference.Between(before, before));
        Assert.Empty(DefinitionDifference.Between(null, before));
    }

    [Fact]
    public void Apply_TextThatChangesNothing_IsAllowedForPinnedServices()
    {
        Registry().Apply(_valid, []);
        var other = DefinitionTexts.Load(DefinitionTexts.Valid.Replace("A card holder.", "Somebody.", StringComparison.Ordinal));

        var plan = Registry().Apply(other, [new PinnedService("fraud", _valid.Services[0].Fingerprint, "fraud version 3")]);

        Assert.False(plan.HasChanges);
        Assert.Equal(["description: \"A card holder.\" -> \"Somebody.\""], plan.Changes.SelectMany(static change => change.Texts));
        Assert.Equal("Somebody.", Registry().Get("shop").Entities[0].Details.Description);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"format\":2,\"project\":\"shop\",\"files\":[]}")]
    [InlineData("{\"format\":1,\"project\":\"shop\",\"files\":[null]}")]
    [InlineData("{\"format\":1,\"project\":\"shop\",\"files\":[{\"path\":\"a\",\"text\":\"version: 1\"}]}")]
    public void Find_BrokenFile_IsCorruptData(string text)
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "definitions"));
        File.WriteAllText(Path.Combine(_folder.Path, "definitions", "shop.json"), text);

        var exception = Assert.Throws<FeatureException>(() => Registry().Find("shop"));

        Assert.Equal(FeatureError.CorruptData, exception.Error);
        Assert.Contains("shop.json", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_UnknownProjectOrOddName_SaysSo()
    {
        Registry().Apply(_valid, []);

        Assert.Null(Registry().Find("nobody"));
        var unknown = Assert.Throws<FeatureException>(() => Registry().Get("nobody"));
        Assert.Equal(FeatureError.NotFound, unknown.Error);
        Assert.Contains("shop", unknown.Message, StringComparison.Ordinal);
        Assert.Equal(FeatureError.InvalidInput, Assert.Throws<FeatureException>(() => Registry().Find("../shop")).Error);
    }

    private DefinitionRegistry Registry() => new(_folder.Path, TimeProvider.System);
}
