using System.Text;

namespace ZeroWorld.ML.Features.Tests;

public sealed class DefinitionLoaderTests
{
    [Fact]
    public void Load_ValidFile_GivesTheDefinitions()
    {
        var set = DefinitionTexts.Load(DefinitionTexts.Valid);

        Assert.Equal("shop", set.Project);
        var profile = Assert.IsType<LastValueView>(set.GetView("profile"));
        Assert.Equal(TimeSpan.FromDays(30), profile.TimeToLive);
        Assert.Equal("risk", profile.Details.Owner);
        Assert.Equal("loaded_at", profile.Source.CreatedTimeColumn);
        Assert.Equal(["ID"], profile.Source.KeyColumns);
        Assert.Equal(TimeSpan.FromMinutes(10), profile.Source.AllowedSkew);
        Assert.Equal(["COUNTRY", "credit_limit", "vip"], profile.Features.Select(static feature => feature.Column));
        Assert.Equal(FeatureValue.FromString("??"), profile.Fields[0].Default);
        Assert.True(profile.Fields[1].IsRequired);
        Assert.Equal(FeatureValue.FromBool(false), profile.Fields[2].Default);
        var spending = Assert.IsType<WindowedView>(set.GetView("spending"));
        Assert.Equal(512, spending.EventsMax);
        Assert.Equal(TimeSpan.FromDays(2), spending.History);
        Assert.Equal("risk", spending.Details.Tags["team"]);
        Assert.Equal(["customer_id"], spending.Source.KeyColumns);
        Assert.True(spending.IncludesRequest);
        var service = set.GetService("fraud");
        Assert.Equal(["amount", "is_night", "ratio", "country", "mean_7d", "count_1h"], service.Columns.Select(static column => column.Name));
        Assert.Equal(FeatureValue.FromString("web"), service.RequestValues[1].Default);
        Assert.Matches("^[0-9a-f]{64}$", service.Fingerprint);
    }

    [Fact]
    public void Load_MistakesInExpressionsBesideOthers_AreToldInOneGo()
    {
        const string Text = """
            version: 1
            entities: [{ name: card, keys: [{ name: card_id, type: int64 }] }]
            feature_views:
              - { name: broken, entity: card, source: { table: t, event_time: at }, ttl: 0, features: [{ name: f, type: float64 }] }
            feature_services:
              - name: first
                request: [{ name: amount, type: decimal }, { name: count, type: int64 }]
                transforms:
                  - { name: a, type: float64, expression: log(amount) }
                  - { name: b, type: float64, expression: log(amont) }
                  - { name: c, type: int64, expression: lower(count) }
                  - { name: d, type: int64, expression: count + e }
                  - { name: e, type: int64, expression: count }
                features: [a, b, c]
              - name: second
                transforms:
                  - { name: g, type: float64, expression: f + 1 }
                  - { name: h, type: float64, expression: hour( }
                features: [broken.*, g, h]
            """;

        var lines = Assert.Throws<FeatureException>(static () => DefinitionLoader.Load([new DefinitionFile("a.yaml", Text)])).Message.Split('\n');

        // What reads a value whose own definition is wrong is not blamed for it.
        Assert.Collection(
            lines,
            static line => Assert.StartsWith("a.yaml:4:", line, StringComparison.Ordinal),
            static line => Assert.StartsWith("a.yaml:7:", line, StringComparison.Ordinal),
            static line => Assert.Contains("a.yaml:10:51: transform 'b', column 5 of its expression: there is no value 'amont'", line, StringComparison.Ordinal),
            static line => Assert.StartsWith("a.yaml:11:", line, StringComparison.Ordinal),
            static line => Assert.Contains("there is no value 'e'", line, StringComparison.Ordinal),
            static line => Assert.StartsWith("a.yaml:18:", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("mistakes.yaml")]
    [InlineData("größen/特徴量.yaml")]
    public void Load_ManyMistakes_TellsTheFirstWholeAndHowManyMore(string file)
    {
        var transforms = string.Join('\n', Enumerable.Range(0, 60).Select(static n => $"      - {{ name: t{n}, type: float64, expression: 'unknown_{n}(x)' }}"));
        var text = $"version: 1\nfeature_services:\n  - name: s\n    request: [{{ name: x, type: float64 }}]\n    transforms:\n{transforms}\n    features: [x]\n";

        var exception = Assert.Throws<FeatureException>(() => DefinitionLoader.Load([new DefinitionFile(file, text)]));

        // As the answer of a call encodes it.
        var lines = exception.Message.Split('\n');
        Assert.InRange(Encoding.UTF8.GetBytes(exception.Message).Sum(static part => part is >= 0x20 and < 0x7f and not (byte)'%' ? 1 : 3), 1500, 4096);
        Assert.All(lines[..^1], static line => Assert.EndsWith("year.", line, StringComparison.Ordinal));
        Assert.Equal($"... and {60 - (lines.Length - 1)} more.", lines[^1]);
    }

    // Each row replaces a text of the valid file; the error must stand exactly where it is and say what was expected.
    [Theory]
    // Whole files.
    [InlineData("version: 1", "version: 2", "shop.yaml:1:10: 'version' of a definition file is the integer 2; expected an integer from 1 to 1.")]
    [InlineData("version: 1", "# none", "shop.yaml:2:1: 'version' of a definition file is missing; expected version: 1.")]
    [InlineData("version: 1", "versoin: 1", "shop.yaml:1:1: unknown property 'versoin' of a definition file; expected one of: version, project, entities, streams, feature_views, feature_services.")]
    [InlineData("project: shop", "project: My Shop", "shop.yaml:2:10: 'project' of a definition file is 'My Shop'; expected a name")]
    [InlineData("project: shop", "project: shop\nproject: shop", "shop.yaml:3:1: 'project' is there twice, first in line 2; expected each property once.")]
    // Syntax.
    [InlineData("    ttl: 30d", "\tttl: 30d", "shop.yaml:18:1: a tab indents this line; expected spaces.")]
    [InlineData("    ttl: 30d", "     ttl: 30d", "shop.yaml:18:")]
    [InlineData("    ttl: 30d", "  ttl: 30d", "shop.yaml:18:")]
    [InlineData("keys: { customer_id: ID }", "keys: { customer_id: ID", "shop.yaml:17:")]
    [InlineData("ttl: 30d", "ttl: &a 30d", "shop.yaml:18:10: '&a' is an anchor; expected a value without one.")]
    [InlineData("ttl: 30d", "ttl: *a", "shop.yaml:18:10: '*a' is an alias; expected the value itself.")]
    [InlineData("ttl: 30d", "ttl: !!str 30d", "shop.yaml:18:10: 'tag:yaml.org,2002:str' is a tag; expected a value without one.")]
    // Entities.
    [InlineData("- { name: customer_id, type: int64 }", "- { name: customer_id, type: float64 }", "shop.yaml:7:36: 'type' of a key is float64; expected one of: bool, int64, string, bytes, timestamp.")]
    [InlineData("- { name: customer_id, type: int64 }", "- { name: customer_id, type: int }", "shop.yaml:7:36: 'type' of a key is 'int'; expected one of: bool, int64, string, bytes, timestamp.")]
    [InlineData("- { name: customer_id, type: int64 }", "- { name: customer_id, type: int64_list }", "shop.yaml:7:36: 'type' of a key is int64_list; expected one of: bool, int64, string, bytes, timestamp.")]
    [InlineData("- { name: customer_id, type: int64 }", "- { name: time, type: int64 }", "shop.yaml:7:17: a key is named 'time'; expected another name")]
    [InlineData("- { name: customer_id, type: int64 }", "- { name: a, type: int64 }\n      - { name: a, type: int64 }", "shop.yaml:8:17: key 'a' is defined twice; expected each key once.")]
    [InlineData("    keys:\n      - { name: customer_id, type: int64 }", "    keys: []", "shop.yaml:6:11: 'keys' of an entity is an empty list; expected a list of one or more keys")]
    [InlineData("    keys:\n      - { name: customer_id, type: int64 }", "    keys: customer_id", "shop.yaml:6:11: 'keys' of an entity is 'customer_id'; expected a list")]
    [InlineData("- name: customer\n", "- name: Customer\n", "shop.yaml:4:11: 'name' of an entity is 'Customer'; expected a name: a lower-case letter")]
    [InlineData("- name: customer\n", "- name: 7\n", "shop.yaml:4:11: 'name' of an entity is the integer 7; expected a name")]
    [InlineData("- name: customer\n", "- name: true\n", "shop.yaml:4:11: 'name' of an entity is the bool true; expected a name")]
    [InlineData("    description: A card holder.", "    description: 5", "shop.yaml:5:18: 'description' of an entity is the integer 5; expected a text.")]
    [InlineData("feature_views:\n", "  - name: customer\n    keys: [{ name: customer_id, type: int64 }]\nfeature_views:\n", "shop.yaml:8:11: entity 'customer' is defined twice, first at shop.yaml:4:5; expected each name once.")]
    [InlineData("feature_views:\n", "  - name: buyer\n    keys: [{ name: customer_id, type: string }]\nfeature_views:\n", "shop.yaml:4:5: key 'customer_id' of entity 'customer' is int64, but string in entity 'buyer'; expected one type for one name.")]
    // Views.
    [InlineData("    entity: customer\n    owner", "    entity: custmer\n    owner", "shop.yaml:10:13: there is no entity 'custmer'; expected one of: customer.")]
    [InlineData("    ttl: 30d", "    tll: 30d", "shop.yaml:18:5: unknown property 'tll' of a feature view; expected one of: name, entity, source, ttl, window, features")]
    [InlineData("    ttl: 30d", "    ttl: 0", "shop.yaml:18:10: 'ttl' of a feature view is the integer 0; expected a positive duration: a whole number and one of us, ms, s, m, h, d")]
    [InlineData("    ttl: 30d", "    ttl: 0d", "shop.yaml:18:10: 'ttl' of a feature view is '0d'; expected a positive duration")]
    [InlineData("    ttl: 30d", "    ttl: 30", "shop.yaml:18:10: 'ttl' of a feature view is the integer 30; expected a positive duration")]
    [InlineData("    ttl: 30d", "    ttl: 1.5d", "shop.yaml:18:10: 'ttl' of a feature view is '1.5d'; expected")]
    [InlineData("    ttl: 30d", "    ttl: 30w", "shop.yaml:18:10: 'ttl' of a feature view is '30w'; expected")]
    [InlineData("    ttl: 30d", "    ttl: -1d", "shop.yaml:18:10: 'ttl' of a feature view is '-1d'; expected")]
    [InlineData("    ttl: 30d", "    ttl: 99999999999999999999d", "shop.yaml:18:10: 'ttl' of a feature view is '99999999999999999999d'; expected")]
    [InlineData("    ttl: 30d", "    ttl: [30d]", "shop.yaml:18:10: 'ttl' of a feature view is a list; expected")]
    [InlineData("    ttl: 30d", "    ttl:", "shop.yaml:18:9: 'ttl' of a feature view is nothing; expected")]
    [InlineData("      table: customers", "      table: Customers", "shop.yaml:13:14: 'table' of a source is 'Customers'; expected a name")]
    [InlineData("      event_time: updated_at\n", "", "shop.yaml:13:7: 'event_time' of a source is missing; expected the name of a column")]
    [InlineData("keys: { customer_id: ID }", "keys: { costumer_id: ID }", "shop.yaml:16:15: entity 'customer' has no key 'costumer_id'; expected one of: customer_id.")]
    [InlineData("keys: { customer_id: ID }", "keys: { customer_id: 5 }", "shop.yaml:16:28: 'customer_id' in 'keys' of a source is the integer 5; expected a mapping of join keys to source columns.")]
    [InlineData("allowed_skew: 10m", "allowed_skew: ten", "shop.yaml:17:21: 'allowed_skew' of a source is 'ten'; expected a duration")]
    [InlineData("default: \"??\"", "default: 5", "shop.yaml:20:66: 'default' of a feature is the integer 5; expected a string")]
    [InlineData("required: true", "required: yes", "shop.yaml:21:56: 'required' of a feature is 'yes'; expected true or false.")]
    [InlineData("required: true", "default: abc", "shop.yaml:21:55: 'default' of a feature is 'abc'; expected a float64 number.")]
    [InlineData("required: true", "default: 1e999", "shop.yaml:21:55: 'default' of a feature is the number 1e999; expected a float64 number.")]
    [InlineData("vip, type: bool, default: false", "vip, type: bool, default: 0", "shop.yaml:22:43: 'default' of a feature is the integer 0; expected true or false.")]
    [InlineData("vip, type: bool, default: false", "vip, type: timestamp, default: 2018-08-08", "shop.yaml:22:48: 'default' of a feature is '2018-08-08'; expected a time as 2018-08-08T12:00:00Z.")]
    [InlineData("vip, type: bool, default: false", "vip, type: bytes, default: \"*\"", "shop.yaml:22:44: 'default' of a feature is '*'; expected bytes in base64.")]
    [InlineData("vip, type: bool, default: false", "country, type: bool", "shop.yaml:22:17: feature 'country' is defined twice in this view; expected each name once.")]
    [InlineData("  - name: spending\n", "  - name: profile\n", "shop.yaml:23:11: feature view 'profile' is defined twice, first at shop.yaml:9:5; expected each name once.")]
    // Windows.
    [InlineData("      precision: exact", "      precision: tile", "shop.yaml:28:18: 'precision' of a window is 'tile'; expected exact or hop.")]
    [InlineData("aggregate: mean", "k: 3, aggregate: mean", "shop.yaml:33:29: mean has a 'k'; expected it only with first_k, last_k and top_k.")]
    [InlineData("aggregate: mean", "aggregate: last_k", "shop.yaml:33:9: 'k' of a feature of a windowed view is missing; expected an integer from 1 to 100.")]
    [InlineData("aggregate: mean", "k: 101, aggregate: top_k", "shop.yaml:33:29: 'k' of a feature of a windowed view is the integer 101; expected an integer from 1 to 100.")]
    [InlineData("aggregate: mean", "aggregate: percentile", "shop.yaml:33:9: 'p' of a feature of a windowed view is missing; expected a number from 0 to 1: 0.5 is the median.")]
    [InlineData("aggregate: mean", "p: 95, aggregate: percentile", "shop.yaml:33:29: 'p' of a percentile is the integer 95; expected a number from 0 to 1: 0.5 is the median.")]
    [InlineData("aggregate: mean", "type: string, aggregate: mean", "shop.yaml:33:51: mean of column 'TX_AMOUNT', which holds strings; expected a column of numbers")]
    [InlineData("aggregate: mean", "type: bool, aggregate: mean", "shop.yaml:33:32: 'type' of a feature is 'bool'; expected float64, int64 or string: what the column holds.")]
    [InlineData("aggregate: mean", "hop: 5m, aggregate: mean", "shop.yaml:33:31: a feature has a 'hop'; expected 'precision: hop' in the view's window, or no hop.")]
    [InlineData("      precision: exact", "      label_delay: 7d", "shop.yaml:29:24: a window with a label delay includes the request; expected no 'include_request'")]
    [InlineData("max_events: 512", "max_events: 0", "shop.yaml:30:19: 'max_events' of a window is the integer 0; expected an integer from 1 to 65536.")]
    [InlineData("max_events: 512", "max_events: 65537", "shop.yaml:30:19: 'max_events' of a window is the integer 65537; expected an integer from 1 to 65536.")]
    [InlineData("max_events: 512", "max_events: many", "shop.yaml:30:19: 'max_events' of a window is 'many'; expected an integer")]
    [InlineData("max_events: 512", "max_evnts: 512", "shop.yaml:30:7: unknown property 'max_evnts' of a window; expected one of: precision, label_delay, include_request, max_events, history.")]
    [InlineData("history: 2d", "history: -2d", "shop.yaml:31:16: 'history' of a window is '-2d'; expected a duration")]
    [InlineData("window: 7d", "window: 0d", "shop.yaml:33:66: 'window' of a feature of a windowed view is '0d'; expected a positive duration")]
    [InlineData("window: 7d", "window: -7d", "shop.yaml:33:66: 'window' of a feature of a windowed view is '-7d'; expected a positive duration")]
    [InlineData("aggregate: mean", "aggregate: avg", "shop.yaml:33:37: 'aggregate' of a feature is 'avg'; expected one of: count, sum, mean, min, max, variance, stddev, first, last, count_distinct, approx_count_distinct, percentile, first_k, last_k, top_k.")]
    [InlineData("aggregate: count, window: 1h", "aggregate: sum, window: 1h", "shop.yaml:34:9: 'of' of a feature of a windowed view is missing; expected the name of a column")]
    [InlineData("aggregate: count, window: 1h", "aggregate: count", "shop.yaml:34:9: 'window' of a feature of a windowed view is missing; expected a positive duration")]
    [InlineData("aggregate: count, window: 1h", "aggregate: count, window: 1h, default: 0.5", "shop.yaml:34:66: 'default' of a feature of a windowed view is the number 0.5; expected an integer of 64 bits.")]
    [InlineData("    window:\n      precision: exact", "    ttl: 1d\n    window:\n      precision: exact", "shop.yaml:27:10: a windowed view has no 'ttl'; expected 'window' or 'ttl', not both.")]
    [InlineData("include_request: { TX_AMOUNT: amount }", "include_request: { TX_AMNT: amount }", "shop.yaml:29:26: no aggregate of the view reads the column 'TX_AMNT'; expected one of: TX_AMOUNT.")]
    [InlineData("include_request: { TX_AMOUNT: amount }", "include_request: { TX_AMOUNT: amout }", "shop.yaml:29:37: include_request of view 'spending' names 'amout', which is no request value of feature service 'fraud' that uses the view; expected one of: amount, channel.")]
    [InlineData("include_request: { TX_AMOUNT: amount }", "include_request: { TX_AMOUNT: channel }", "shop.yaml:29:37: include_request of view 'spending' names 'channel', which is string in feature service 'fraud'; expected bool or int64 or float32 or float64, since the column holds that.")]
    // Services.
    [InlineData("- { name: amount, type: float64 }", "- { name: time, type: timestamp }", "shop.yaml:38:17: a request value is named 'time'; expected another name")]
    [InlineData("- { name: channel, type: string, default: web }", "- { name: amount, type: string }", "shop.yaml:39:17: 'amount' is defined twice among the request values and transforms of this service; expected each name once.")]
    [InlineData("name: is_night, type: bool", "name: is_night, type: int64", "shop.yaml:41:53: transform 'is_night', column 1 of its expression: the expression gives bool; expected int64, the declared type.")]
    [InlineData("hour(time) <= 6", "hour(tme) <= 6", "shop.yaml:41:57: transform 'is_night', column 6 of its expression: there is no value 'tme'; expected one of: amount, channel, count_1h, country, mean_7d, time.")]
    [InlineData("amount / mean_7d", "amount / / mean_7d", "shop.yaml:42:60: transform 'ratio', column 10 of its expression: '/' does not belong here; expected a value")]
    [InlineData("amount / mean_7d", "amount / credit_limit", "shop.yaml:42:60: transform 'ratio', column 10 of its expression: there is no value 'credit_limit'")]
    [InlineData("      - profile.country", "      - profil.country", "shop.yaml:47:9: there is no feature view 'profil'; expected one of: profile, spending.")]
    [InlineData("      - profile.country", "      - profile.contry", "shop.yaml:47:9: feature view 'profile' has no feature 'contry'; expected one of: country, credit_limit, vip, or *.")]
    [InlineData("      - profile.country", "      - amonut", "shop.yaml:47:9: there is no request value or transform 'amonut'; expected one of: amount, channel, is_night, ratio, or a feature as VIEW.FEATURE or VIEW.*.")]
    [InlineData("      - profile.country", "      - time", "shop.yaml:47:9: 'time' is no column, it is the moment of the read; expected a transform that makes one of it, such as { name: at, type: timestamp, expression: time }.")]
    [InlineData("      - profile.country", "      - profile.*\n      - profile.country", "shop.yaml:48:9: column 'country' is there twice; expected each name once.")]
    [InlineData("      - profile.country", "      - { name: x }", "shop.yaml:47:9: a column is a mapping; expected a request value")]
    [InlineData("name: count_1h", "name: amount", "shop.yaml:48:9: feature 'amount' of view 'spending' has the name of a request value or transform; expected another name for one of them.")]
    [InlineData("name: count_1h", "name: country", "shop.yaml:48:9: column 'country' is there twice; expected each name once.")]
    public void Load_OneMistake_IsNamedWithFileLineAndColumn(string valid, string broken, string expected)
    {
        Assert.Contains(valid, DefinitionTexts.Valid, StringComparison.Ordinal);

        var exception = Assert.Throws<FeatureException>(() => DefinitionTexts.Load(DefinitionTexts.Valid.Replace(valid, broken, StringComparison.Ordinal)));

        Assert.Equal(FeatureError.InvalidDefinition, exception.Error);
        Assert.True(
            exception.Message.Split('\n').Any(line => line.StartsWith(expected, StringComparison.Ordinal)),
            $"expected  {expected}\nbut found {exception.Message}");
        Assert.All(exception.Message.Split('\n'), static line => Assert.Matches(@"^shop\.yaml:[0-9]+:[0-9]+: .*expected .*\.$", line));
    }

    // Two names whose storage fingerprints begin with the same 30 bits, found by search.
    [Fact]
    public void Load_ViewsThatWouldShareAField_AreRefused()
    {
        var text = "version: 1\nentities:\n  - { name: e, keys: [{ name: k, type: int64 }] }\nfeature_views:\n"
            + string.Concat(new[] { "v3322", "v26526" }.Select(static name =>
                $"  - {{ name: {name}, entity: e, source: {{ table: t, event_time: x }}, features: [{{ name: a, type: int64 }}] }}\n"));

        var exception = Assert.Throws<FeatureException>(() => DefinitionTexts.Load(text));

        Assert.Equal(
            "shop.yaml:5:5: feature view 'v3322' would be stored in the field 'aFIAr' of view 'v26526'; expected another name for one of them.", exception.Message);
    }

    [Fact]
    public void Load_SeveralMistakesInSeveralFiles_AreReportedTogether()
    {
        DefinitionFile[] files =
        [
            new("b.yaml", DefinitionTexts.Valid.Replace("ttl: 30d", "ttl: 0", StringComparison.Ordinal).Replace("max_events: 512", "max_events: 0", StringComparison.Ordinal)),
            new("a.yaml", "version: 1\nentities:\n\t- name: x\n"),
            new("c.yaml", ""),
        ];

        var lines = Assert.Throws<FeatureException>(() => DefinitionLoader.Load(files)).Message.Split('\n');

        Assert.Equal(4, lines.Length);
        Assert.StartsWith("a.yaml:3:1: a tab indents this line", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("b.yaml:18:10: 'ttl'", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("b.yaml:30:19: 'max_events'", lines[2], StringComparison.Ordinal);
        Assert.Equal("c.yaml:1:1: the file is empty; expected a mapping that begins with 'version: 1'.", lines[3]);
    }

    [Theory]
    [InlineData("", "h.yaml:1:1: the file is empty")]
    [InlineData("# only a comment\n", "h.yaml:1:1: the file is empty")]
    [InlineData("- 1\n- 2\n", "h.yaml:1:1: a definition file is a list; expected a mapping with: version")]
    [InlineData("hello", "h.yaml:1:1: a definition file is 'hello'; expected a mapping")]
    [InlineData("version: 1\n---\nversion: 1\n", "h.yaml:2:1: a second document begins here; expected one document per file.")]
    [InlineData("version: 1\nentities: {}\n", "h.yaml:2:11: 'entities' of a definition file is a mapping; expected a list of definitions.")]
    [InlineData("version: 1\n? [a]\n: 1\n", "h.yaml:")]
    [InlineData("version: 1\nproject: \"abc\n", "h.yaml:")]
    [InlineData("version: 1\n%YAML 9.9\n", "h.yaml:")]
    [InlineData("\0", "h.yaml:1:1:")]
    [InlineData("version: 1\nproject: a\u0007b\n", "h.yaml:")]
    public void Load_OddFiles_AreRefusedWithAPlace(string text, string expected)
    {
        var exception = Assert.Throws<FeatureException>(() => DefinitionLoader.Load([new DefinitionFile("h.yaml", text)]));

        Assert.Equal(FeatureError.InvalidDefinition, exception.Error);
        Assert.StartsWith(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_HostileFiles_AreRefusedSoon()
    {
        var bomb = "version: 1\na: &a [x, x]\n" + string.Concat(Enumerable.Range(0, 20).Select(index =>
            $"{(char)('b' + index)}: &{(char)('b' + index)} [*{(char)('a' + index)}, *{(char)('a' + index)}]\n"));
        string[] texts =
        [
            bomb,
            new('[', 500_000),
            "version: 1\nentities: " + new string('{', 100_000),
            string.Concat(Enumerable.Repeat("- ", 200_000)) + "x",
            "version: 1\nentities:\n" + string.Concat(Enumerable.Repeat("  - {}\n", 100_000)),
            new('x', (1024 * 1024) + 1),
        ];
        foreach (var text in texts)
        {
            var exception = Assert.Throws<FeatureException>(() => DefinitionLoader.Load([new DefinitionFile("h.yaml", text)]));
            Assert.Equal(FeatureError.InvalidDefinition, exception.Error);
            Assert.True(exception.Message.Length < 100_000);
        }
    }

    [Fact]
    public void Load_RandomlyBrokenFiles_EndInDefinitionsOrInDefinitionErrors()
    {
        var random = new Random(17);
        const string Characters = "\t\n :-{}[]\"'#&*!|>%@`,?a0.\0\u0085\u2028\uFEFF\uD800";
        for (var round = 0; round < 1_500; round++)
        {
            var text = DefinitionTexts.Valid.ToCharArray();
            for (var change = 0; change < 3; change++)
            {
                text[random.Next(text.Length)] = Characters[random.Next(Characters.Length)];
            }

            try
            {
                DefinitionTexts.Load(new string(text));
            }
            catch (FeatureException exception)
            {
                Assert.Equal(FeatureError.InvalidDefinition, exception.Error);
                Assert.StartsWith("shop.yaml:", exception.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void LoadFolder_TwoFiles_AreOneProject()
    {
        using var folder = new TemporaryFolder();
        var at = DefinitionTexts.Valid.IndexOf("feature_services:", StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder.Path, "views.yaml"), DefinitionTexts.Valid[..at]);
        File.WriteAllText(Path.Combine(folder.Path, "services.yml"), "version: 1\n" + DefinitionTexts.Valid[at..]);
        File.WriteAllText(Path.Combine(folder.Path, "notes.txt"), "not yaml: [");

        var set = DefinitionLoader.LoadFolder(folder.Path);

        Assert.Equal(2, set.Files.Count);
        Assert.Equal(DefinitionTexts.Load(DefinitionTexts.Valid).GetService("fraud").Fingerprint, set.GetService("fraud").Fingerprint);
    }

    [Fact]
    public void LoadFolder_NothingThere_IsNotFound()
    {
        using var folder = new TemporaryFolder();

        Assert.Equal(FeatureError.NotFound, Assert.Throws<FeatureException>(() => DefinitionLoader.LoadFolder(folder.Path)).Error);
        Assert.Equal(FeatureError.NotFound, Assert.Throws<FeatureException>(() => DefinitionLoader.LoadFolder(Path.Combine(folder.Path, "no"))).Error);
    }
}
